// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include <ringcache/result.h>

namespace ringcache {

struct Request {
  std::uint64_t key = 0;
  std::uint32_t bytes = 0;  ///< 0: the trace does not say.
};

/// A stream of requests: writes into the room given and says how many; 0 is the end.
using Trace = std::move_only_function<Result<std::size_t>(std::span<Request> room)>;

/// A file of lines "KEY" or "KEY,BYTES" (decimal; an object of 0 bytes counts as one of 1), plain,
/// gzip or xz; "-" is standard input. With a generator's name and a colon in front it is that:
///
///     zipf:n=100000,s=0.99,requests=1000000,seed=1   keys 1…n, key k with weight 1/k^s
///     loop:n=1000,requests=100000                    0, 1, … n-1, 0, 1, …
///     scan:requests=100000                           0, 1, 2, …: no key twice
///
/// Every parameter may be left out; these are the defaults. Errors name file and line.
Result<Trace> open_trace(const std::string& what);

}  // namespace ringcache

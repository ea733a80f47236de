// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include <ringcache/result.h>

namespace ringcache {

/// A stream of bytes: writes into the room given and says how many; 0 is the end.
using BytesIn = std::move_only_function<Result<std::size_t>(std::span<char> room)>;

/// The bytes of a file, or of standard input for "-"; unpacked, if they begin as gzip or xz do.
Result<BytesIn> open_bytes(const std::string& path);

}  // namespace ringcache

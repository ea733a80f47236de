// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <string_view>

#include <ringcache/store.h>

namespace ringcache {

/// What a loader may want to know beside the key.
struct LoadContext {
  std::string_view group;
  Time deadline = Time::max();  ///< Nobody waits longer than this.
};

/// Reads one key from wherever the truth lives; Errc::not_found when there is no such key. May
/// block. An exception counts as Errc::internal and harms only those who wait for this key; its
/// what() is in the error they get. Value::loaded_at may be left out: it is when the load began.
using Loader = std::function<Result<Value>(std::string_view key, const LoadContext& context)>;

struct LoaderOptions {
  unsigned threads = 8;          ///< Loads that may run at once; the loader must be safe for that.
  unsigned queued_max = 10'000;  ///< Loads that may wait for a thread; above it Errc::overloaded.
};

/// A read-only source made of a function. Runs it on threads of its own. A load that no thread was
/// free for by its deadline is not begun. Destruction waits for the loads that run and answers
/// Errc::unavailable to those that wait; from within a Done it may be destroyed as well.
std::shared_ptr<Store> loader_source(Loader loader, LoaderOptions options = {});

/// Sugar for loaders: a value that is `bytes`, and may be served for `max_age` instead of its
/// group's. A max_age of 0 is an answer that is not kept, but for the group's stale windows.
Value loaded(std::string_view bytes, Duration max_age = Duration::max());

}  // namespace ringcache

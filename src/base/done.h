// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <utility>

#include <ringcache/store.h>

namespace ringcache {

/// @name One kind of completion as the other
/// @{
inline Done<void> as_void_done(Done<Value> done) {
  return [done = std::move(done)](Result<void> result) mutable {
    if (result)
      done(Value{});
    else
      done(std::unexpected(std::move(result.error())));
  };
}

inline Done<Value> as_value_done(Done<void> done) {
  return [done = std::move(done)](Result<Value> result) mutable {
    if (result)
      done({});
    else
      done(std::unexpected(std::move(result.error())));
  };
}
/// @}

}  // namespace ringcache

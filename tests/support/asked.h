// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include <ringcache/store.h>

namespace ringcache::testing {

/// One call to a Store, and what has become of it.
template <class T>
class Asked {
 public:
  Done<T> done() {
    return [state = state_](Result<T> result) {
      ++state->answers;
      // Not assigned: of a Result<Values> g++ 12 at -O2 (ipa-modref) then frees the error twice.
      state->result.emplace(std::move(result));
    };
  }

  bool answered() const { return state_->answers > 0; }
  int answers() const { return state_->answers; }
  const Result<T>& result() const { return *state_->result; }

  /// The bytes, "done", "waiting", or the error's name: what a test says in one word.
  std::string word() const {
    if (!answered()) return "waiting";
    if (!result()) return std::string(errc_name(result().error().code));
    if constexpr (std::is_void_v<T>)
      return "done";
    else if constexpr (std::is_integral_v<T>)
      return std::to_string(*result());
    else
      return std::string(result()->bytes.view());
  }

 private:
  struct State {
    int answers = 0;
    std::optional<Result<T>> result;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

inline Asked<Value> ask_get(Store& store, const KeyView& key, const Call& call = {}) {
  Asked<Value> asked;
  store.get(key, call, asked.done());
  return asked;
}

inline Asked<Values> ask_get_many(Store& store, std::span<const KeyView> keys,
                                  const Call& call = {}) {
  Asked<Values> asked;
  store.get_many(keys, call, asked.done());
  return asked;
}

inline Asked<Value> ask_put(Store& store, const KeyView& key, std::string_view bytes,
                            const Call& call = {}) {
  Asked<Value> asked;
  store.put(key, Value{.bytes = Bytes::copy(bytes)}, call, asked.done());
  return asked;
}

inline Asked<Value> ask_swap(Store& store, const KeyView& key, std::string_view expected,
                             std::string_view bytes, const Call& call = {}) {
  Asked<Value> asked;
  store.compare_and_set(key, {.etag = etag_of(expected)}, Value{.bytes = Bytes::copy(bytes)}, call,
                        asked.done());
  return asked;
}

inline Asked<std::uint64_t> ask_invalidate(Store& store, const Invalidation& what,
                                           const Call& call = {}) {
  Asked<std::uint64_t> asked;
  store.invalidate(what, call, asked.done());
  return asked;
}

inline Asked<void> ask_erase(Store& store, const KeyView& key, const Call& call = {}) {
  Asked<void> asked;
  store.erase(key, call, asked.done());
  return asked;
}

}  // namespace ringcache::testing

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <ringcache/store.h>

namespace ringcache::testing {

/// Notes how many keys each get_many() asks for, and hands all on. Not thread-safe.
class BatchCounter final : public Store {
 public:
  explicit BatchCounter(std::shared_ptr<Store> store) : store_(std::move(store)) {}

  void get(const KeyView& key, const Call& call, Done<Value> done) override {
    store_->get(key, call, std::move(done));
  }
  void get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) override {
    batches.push_back(keys.size());
    store_->get_many(keys, call, std::move(done));
  }
  void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override {
    store_->put(key, std::move(value), call, std::move(done));
  }
  void erase(const KeyView& key, const Call& call, Done<void> done) override {
    store_->erase(key, call, std::move(done));
  }

  std::vector<std::size_t> batches;

 private:
  const std::shared_ptr<Store> store_;
};

}  // namespace ringcache::testing

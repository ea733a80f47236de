// SPDX-License-Identifier: Apache-2.0
#include "node/plain_store.h"

#include <utility>

namespace ringcache {
namespace {

class PlainStore final : public Store {
 public:
  void get(const KeyView&, const Call&, Done<Value> done) override {
    done(fail(Errc::not_found, "no such key"));
  }
  void put(const KeyView&, Value value, const Call&, Done<Value> done) override {
    done(std::move(value));
  }
  /// The group has found the value expected among its copies, where alone it is.
  void compare_and_set(const KeyView&, Expected, Value value, const Call&,
                       Done<Value> done) override {
    done(std::move(value));
  }
  void touch(const KeyView&, Time, const Call&, Done<Value> done) override {
    done(fail(Errc::unsupported,
              "a group without a source cannot change a ttl; put the value again"));
  }
  void erase(const KeyView&, const Call&, Done<void> done) override { done({}); }
};

}  // namespace

std::shared_ptr<Store> plain_store() { return std::make_shared<PlainStore>(); }

}  // namespace ringcache

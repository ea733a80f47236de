// SPDX-License-Identifier: Apache-2.0
#include <ringcache/http.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/batches.h"
#include "base/utf8.h"
#include "http/batch.h"
#include "http/call.h"
#include "http/pool.h"
#include "net/loop.h"

namespace ringcache {
namespace {

void begin_call(std::shared_ptr<HttpPool> pool, std::shared_ptr<HttpCall> call) {
  NetLoop& loop = *pool->loop();
  loop.post(
      [pool = std::move(pool), call = std::move(call)]() mutable { pool->begin(std::move(call)); });
}

/// An invalidation under way: one request, unless its keys make it more, which then follow each
/// other. Holds itself through the request that is out.
class Errand : public std::enable_shared_from_this<Errand> {
 public:
  Errand(std::shared_ptr<HttpPool> pool, Invalidation what, const Call& call,
         Done<std::uint64_t> done)
      : pool_(std::move(pool)),
        limits_{.keys = pool_->options().batch_keys_max},
        what_(std::move(what)),
        keys_(std::exchange(what_.keys, {})),
        deadline_(call.deadline),
        done_(std::move(done)) {}

  void next() {
    take_keys();
    begin_call(pool_, std::make_shared<HttpCall>(
                          *pool_->loop(), what_.group, Bytes::copy(invalidate_request(what_)),
                          Call{.deadline = deadline_},
                          [self = shared_from_this()](Result<std::uint64_t> copies) {
                            self->arrived(std::move(copies));
                          }));
  }

 private:
  void take_keys() {
    what_.keys.clear();
    for (std::size_t bytes = 0; taken_ < keys_.size(); ++taken_) {
      bytes += keys_[taken_].size();
      const bool full = what_.keys.size() == limits_.keys || bytes > limits_.key_bytes;
      if (full && !what_.keys.empty()) return;
      what_.keys.push_back(std::move(keys_[taken_]));
    }
  }

  void arrived(Result<std::uint64_t> copies) {
    if (!copies) return done_(std::move(copies));
    copies_ += *copies;
    taken_ < keys_.size() ? next() : done_(copies_);
  }

  const std::shared_ptr<HttpPool> pool_;
  const BatchLimits limits_;
  Invalidation what_;  // with the keys of the request that is out
  std::vector<std::string> keys_;
  std::size_t taken_ = 0;
  std::uint64_t copies_ = 0;
  const Time deadline_;
  Done<std::uint64_t> done_;
};

/// Hands calls over to the loop where the member's connections live.
class HttpPeer final : public Store {
 public:
  explicit HttpPeer(std::shared_ptr<HttpPool> pool) : pool_(std::move(pool)) {}
  ~HttpPeer() override {
    pool_->loop()->post([pool = pool_] { pool->close(); });
  }

  void get(const KeyView& key, const Call& call, Done<Value> done) override {
    begin(make(HttpMethod::get, key, call, std::move(done)));
  }

  void get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) override {
    ask_in_batches(
        keys, {.keys = pool_->options().batch_keys_max},
        [pool = pool_, call](std::span<const KeyView> batch, Done<Values> then) {
          const auto body = Bytes::copy(batch_request(batch));
          begin_call(pool, std::make_shared<HttpCall>(*pool->loop(), batch.front().group, body,
                                                      call, std::move(then)));
        },
        std::move(done));
  }

  void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override {
    auto made = make(HttpMethod::put, key, call, std::move(done));
    made->store(std::move(value));
    begin(std::move(made));
  }

  void compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                       Done<Value> done) override {
    auto made = make(HttpMethod::put, key, call, std::move(done));
    made->expect(std::move(expected.etag));
    made->store(std::move(value));
    begin(std::move(made));
  }

  void touch(const KeyView& key, Time expires_at, const Call& call, Done<Value> done) override {
    auto made = make(HttpMethod::post, key, call, std::move(done));
    made->end_at(expires_at);
    begin(std::move(made));
  }

  void erase(const KeyView& key, const Call& call, Done<void> done) override {
    begin(
        make(HttpMethod::erase, key, call, [done = std::move(done)](Result<Value> result) mutable {
          if (result) return done({});
          done(std::unexpected(std::move(result.error())));
        }));
  }

  void invalidate(const Invalidation& what, const Call& call, Done<std::uint64_t> done) override {
    if (!valid_utf8(what.tag))
      return done(fail(Errc::invalid_argument, "a tag that is no UTF-8 cannot be sent"));
    std::make_shared<Errand>(pool_, what, call, std::move(done))->next();
  }

 private:
  std::shared_ptr<HttpCall> make(HttpMethod method, const KeyView& key, const Call& call,
                                 Done<Value> done) {
    return std::make_shared<HttpCall>(*pool_->loop(), method, key, call, std::move(done));
  }

  void begin(std::shared_ptr<HttpCall> call) { begin_call(pool_, std::move(call)); }

  const std::shared_ptr<HttpPool> pool_;
};

}  // namespace

struct HttpPeers::Impl {
  explicit Impl(HttpPeerOptions o) : options(o), loops(o.threads) {}
  const HttpPeerOptions options;
  NetLoops loops;
  std::atomic<std::size_t> connected = 0;
};

HttpPeers::HttpPeers(HttpPeerOptions options) : impl_(std::make_unique<Impl>(options)) {}

HttpPeers::~HttpPeers() = default;

std::shared_ptr<Store> HttpPeers::connect(const Member& member) {
  const auto& loop = impl_->loops.at(impl_->connected.fetch_add(1));
  return std::make_shared<HttpPeer>(std::make_shared<HttpPool>(loop, impl_->options, member));
}

}  // namespace ringcache

// SPDX-License-Identifier: Apache-2.0
#include <ringcache/http.h>

#include <atomic>
#include <utility>

#include "base/batches.h"
#include "http/batch.h"
#include "http/call.h"
#include "http/pool.h"
#include "net/loop.h"

namespace ringcache {
namespace {

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
          begin(pool, std::make_shared<HttpCall>(*pool->loop(), batch.front().group, body, call,
                                                 std::move(then)));
        },
        std::move(done));
  }

  void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override {
    auto made = make(HttpMethod::put, key, call, std::move(done));
    made->store(std::move(value));
    begin(std::move(made));
  }

  void erase(const KeyView& key, const Call& call, Done<void> done) override {
    begin(
        make(HttpMethod::erase, key, call, [done = std::move(done)](Result<Value> result) mutable {
          if (result) return done({});
          done(std::unexpected(std::move(result.error())));
        }));
  }

 private:
  std::shared_ptr<HttpCall> make(HttpMethod method, const KeyView& key, const Call& call,
                                 Done<Value> done) {
    return std::make_shared<HttpCall>(*pool_->loop(), method, key, call, std::move(done));
  }

  void begin(std::shared_ptr<HttpCall> call) { begin(pool_, std::move(call)); }

  static void begin(std::shared_ptr<HttpPool> pool, std::shared_ptr<HttpCall> call) {
    NetLoop& loop = *pool->loop();
    loop.post([pool = std::move(pool), call = std::move(call)]() mutable {
      pool->begin(std::move(call));
    });
  }

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

// SPDX-License-Identifier: Apache-2.0
#include <ringcache/loader.h>

#include <exception>
#include <string>
#include <utility>

#include "base/workers.h"

namespace ringcache {
namespace {

class LoaderSource final : public Store {
 public:
  LoaderSource(Loader loader, LoaderOptions options)
      : loader_(std::make_shared<const Loader>(std::move(loader))),
        workers_({.threads = options.threads, .queued_max = options.queued_max}) {}

  void get(const KeyView& key, const Call& call, Done<Value> done) override;

  void put(const KeyView& key, Value, const Call&, Done<Value> done) override {
    done(read_only(key));
  }
  void erase(const KeyView& key, const Call&, Done<void> done) override { done(read_only(key)); }

 private:
  static std::unexpected<Error> read_only(const KeyView& key) {
    return fail(Errc::unsupported,
                "group " + std::string(key.group) + " is filled by a loader: it cannot be written");
  }

  const std::shared_ptr<const Loader> loader_;  // shared with the loads, which may end after us
  Workers workers_;
};

/// The border to a function that is not ours: whatever it throws harms this load alone, hence the
/// catch-all.
Result<Value> guarded_load(const Loader& loader, const OwnedKey& key, Time deadline) {
  try {
    const Time began = BootClock::now();
    Result<Value> result = loader(key.name, {.group = key.group, .deadline = deadline});
    if (result && result->loaded_at == Time{}) result->loaded_at = began;
    return result;
  } catch (const std::exception& thrown) {
    return fail(Errc::internal, "the loader of group " + key.group + " threw: " + thrown.what());
  } catch (...) {
    return fail(Errc::internal, "the loader of group " + key.group + " threw");
  }
}

std::unexpected<Error> refusal(Turn turn, const std::string& group) {
  if (turn == Turn::full)
    return fail(Errc::overloaded, "too many loads of group " + group + " are waiting");
  if (turn == Turn::late)
    return fail(Errc::deadline_exceeded, "no loader of group " + group + " was free in time");
  return fail(Errc::unavailable, "the source of group " + group + " is closing");
}

void LoaderSource::get(const KeyView& key, const Call& call, Done<Value> done) {
  workers_.submit({.work =
                       [loader = loader_, key = OwnedKey(key), deadline = call.deadline,
                        done = std::move(done)](Turn turn, unsigned) mutable {
                         if (turn != Turn::run) return done(refusal(turn, key.group));
                         done(guarded_load(*loader, key, deadline));
                       },
                   .start_by = call.deadline});
}

}  // namespace

std::shared_ptr<Store> loader_source(Loader loader, LoaderOptions options) {
  return std::make_shared<LoaderSource>(std::move(loader), options);
}

Value loaded(std::string_view bytes, Duration max_age) {
  return {.bytes = Bytes::copy(bytes), .max_age = max_age};
}

}  // namespace ringcache

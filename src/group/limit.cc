// SPDX-License-Identifier: Apache-2.0
#include <ringcache/limit.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "group/breaker.h"
#include "group/source_health.h"

namespace ringcache {

namespace {
using Seconds = std::chrono::duration<double>;
}

double TokenBucket::tokens_at(Time now) const noexcept {
  if (at_ == Time{}) return tokens_;
  return std::min(most_, tokens_ + Seconds(now - at_).count() * per_second_);
}

Duration TokenBucket::until(double tokens, Time now) const noexcept {
  const double missing = tokens - tokens_at(now);
  if (per_second_ <= 0 || tokens <= 0) return Duration{0};
  if (missing < 1e-9) return Duration{0};  // what rounding has cost
  return std::chrono::ceil<Duration>(Seconds(missing / per_second_));
}

Duration TokenBucket::wait(double tokens, Time now) const noexcept {
  return until(std::min(tokens, most_), now);
}

Duration TokenBucket::take(double tokens, Time now) noexcept {
  const Duration left = wait(tokens, now);
  if (per_second_ <= 0 || left > Duration{0}) return left;
  tokens_ = tokens_at(now) - tokens;
  at_ = now;
  return Duration{0};
}

namespace {

/// By so much fewer calls may run after one that failed, but not for each of a crowd that fails
/// together.
constexpr double kDecrease = 0.75;
constexpr Duration kDecreaseEvery = std::chrono::milliseconds(100);
/// Of a call's time in the average.
constexpr double kNewest = 0.1;

/// A call that ran out of less than this was cut off by a hurried caller.
constexpr Duration kFairTime = std::chrono::milliseconds(500);

/// What one call needs of the source.
struct Need {
  double tokens;
  Time deadline;
};

/// What a call says about the source; none: it was not made, or had no fair chance.
enum class Verdict : std::uint8_t { sound, failed, none };

class Guard final : public SourceGuard {
 public:
  /// Called with nothing when the call may be made, and finished() must follow; or with why not.
  using Go = std::move_only_function<void(std::optional<Error> refused)>;

  Guard(std::string name, const SourceLimits& limits, Scheduler& scheduler)
      : name_(std::move(name)),
        limits_(limits),
        scheduler_(scheduler),
        bucket_(limits.loads_per_second, std::max(limits.loads_per_second, 1.0)),
        running_max_(std::max(limits.loads_max, 1u)) {}
  ~Guard() override {
    for (Queue* queue : {&reads_, &writes_})
      for (Waiting& left : *queue) left.go(Error{Errc::unavailable, name_ + " is closing"});
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  std::shared_ptr<Store> guard(std::shared_ptr<Store> source) override;
  SourceStats stats() const override;

  void enter(const Need& need, Go go);
  void finished(Verdict verdict, Duration took);
  Error open_circuit(const Breaker::Refusal& refusal);

  const SourceLimits& limits() const noexcept { return limits_; }
  Time now() const noexcept { return scheduler_.now(); }

 private:
  struct Waiting {
    Need need;
    Go go;
    std::uint64_t order;
  };
  using Queue = std::deque<Waiting>;

  std::size_t waiting() const { return reads_.size() + writes_.size(); }
  bool may_start(const Need& need, Time now);
  std::optional<Error> refuse(const Need& need, Time now) const;
  Duration expected_wait(const Need& need, Time now) const;
  void wake_at(Time time);
  void woken(Time time);
  Queue* ready(Time now);
  void pump();
  void adapt(bool sound, Duration took, Time now);

  const std::string name_;
  const SourceLimits limits_;
  Scheduler& scheduler_;

  mutable std::mutex mutex_;  // guards all below
  TokenBucket bucket_;
  double running_max_;
  unsigned running_ = 0;
  // First come, first served, but that writes, which need no tokens, pass reads that wait for some.
  Queue reads_, writes_;
  std::uint64_t orders_ = 0;
  double waiting_tokens_ = 0;
  Time wake_at_ = Time::max();  // when the timer for tokens is due
  double average_ = 0;          // seconds of a call
  Time decreased_at_{};
  SourceStats counts_;
};

SourceStats Guard::stats() const {
  std::lock_guard lock(mutex_);
  SourceStats stats = counts_;
  stats.running = running_;
  stats.running_max = static_cast<unsigned>(running_max_);
  stats.waiting = waiting();
  return stats;
}

void Guard::enter(const Need& need, Go go) {
  std::optional<Error> refusal;
  {
    std::lock_guard lock(mutex_);
    const Time now = scheduler_.now();
    Queue& queue = need.tokens > 0 ? reads_ : writes_;
    if (!queue.empty() || !may_start(need, now)) {
      refusal = refuse(need, now);
      if (!refusal) {
        waiting_tokens_ += need.tokens;
        return queue.push_back({need, std::move(go), ++orders_});
      }
      ++counts_.refused;
    }
  }
  go(std::move(refusal));
}

/// REQUIRES: mutex_ held.
bool Guard::may_start(const Need& need, Time now) {
  if (running_ + 1 > std::max(running_max_, 1.0)) return false;
  if (const Duration wait = bucket_.take(need.tokens, now); wait > Duration{0})
    return wake_at(saturating_add(now, wait)), false;
  ++running_;
  ++counts_.calls;
  return true;
}

/// REQUIRES: mutex_ held.
std::optional<Error> Guard::refuse(const Need& need, Time now) const {
  const Duration wait = expected_wait(need, now);
  const bool is_full = waiting() >= limits_.waiting_max;
  if (!is_full && saturating_add(now, wait) <= need.deadline) return std::nullopt;
  return Error{.code = Errc::overloaded,
               .message = name_ + " has all it can bear: " + std::to_string(running_) +
                          " calls run, " + std::to_string(waiting()) + " wait",
               .retry_after = wait};
}

/// REQUIRES: mutex_ held.
Duration Guard::expected_wait(const Need& need, Time now) const {
  const double tokens = need.tokens > 0 ? need.tokens + waiting_tokens_ : 0;
  const Seconds by_turn(static_cast<double>(waiting()) * average_ / running_max_);
  return std::max(bucket_.until(tokens, now), std::chrono::duration_cast<Duration>(by_turn));
}

/// REQUIRES: mutex_ held. Looks again when the tokens are there. One timer counts, the next to
/// come.
void Guard::wake_at(Time time) {
  if (time >= wake_at_) return;
  wake_at_ = time;
  scheduler_.after(time - scheduler_.now(), [weak = weak_from_this(), time] {
    if (const auto self = std::static_pointer_cast<Guard>(weak.lock())) self->woken(time);
  });
}

void Guard::woken(Time time) {
  {
    std::lock_guard lock(mutex_);
    if (wake_at_ != time) return;
    wake_at_ = Time::max();
  }
  pump();
}

/// REQUIRES: mutex_ held. The queue whose first has waited to the end: it has been started, or is
/// late.
Guard::Queue* Guard::ready(Time now) {
  const bool write_is_older =
      !writes_.empty() && !reads_.empty() && writes_.front().order < reads_.front().order;
  Queue* const older = write_is_older ? &writes_ : &reads_;
  for (Queue* queue : {older, older == &reads_ ? &writes_ : &reads_}) {
    if (queue->empty()) continue;
    const Need& need = queue->front().need;
    if (need.deadline <= now || may_start(need, now)) return queue;
  }
  return nullptr;
}

/// Lets go whoever may by now, by way of the scheduler: a source that answers at once would pile up
/// the stack.
void Guard::pump() {
  std::vector<std::pair<Go, std::optional<Error>>> going;
  {
    std::lock_guard lock(mutex_);
    const Time now = scheduler_.now();
    while (Queue* queue = ready(now)) {
      Waiting& next = queue->front();
      std::optional<Error> late;
      if (next.need.deadline <= now)
        late = Error{Errc::deadline_exceeded, name_ + ": no turn before the deadline"};
      counts_.refused += late ? 1 : 0;
      waiting_tokens_ -= next.need.tokens;
      going.emplace_back(std::move(next.go), std::move(late));
      queue->pop_front();
    }
  }
  for (auto& [go, late] : going)
    scheduler_.post(
        [go = std::move(go), late = std::move(late)]() mutable { go(std::move(late)); });
}

void Guard::finished(Verdict verdict, Duration took) {
  {
    std::lock_guard lock(mutex_);
    --running_;
    counts_.failures += verdict == Verdict::failed ? 1 : 0;
    if (verdict != Verdict::none) adapt(verdict == Verdict::sound, took, scheduler_.now());
    if (waiting() == 0) return;
  }
  pump();
}

/// REQUIRES: mutex_ held.
void Guard::adapt(bool sound, Duration took, Time now) {
  average_ += kNewest * (Seconds(took).count() - average_);
  if (sound) {
    running_max_ = std::min<double>(running_max_ + 1 / running_max_, limits_.loads_max);
  } else if (now - decreased_at_ >= kDecreaseEvery) {
    running_max_ = std::max(running_max_ * kDecrease, 1.0);
    decreased_at_ = now;
  }
}

Error Guard::open_circuit(const Breaker::Refusal& refusal) {
  {
    std::lock_guard lock(mutex_);
    ++counts_.refused;
  }
  return {.code = Errc::unavailable,
          .message = name_ + " is not asked for now, as " + std::to_string(refusal.failures) +
                     " calls failed one after the other; the last: " + refusal.last,
          .retry_after = refusal.left};
}

/// The source as one group sees it. Its circuit is its own: a group whose table is gone does not
/// keep the others from theirs.
class Guarded final : public Store, public std::enable_shared_from_this<Guarded> {
 public:
  Guarded(std::shared_ptr<Guard> guard, std::shared_ptr<Store> source)
      : guard_(std::move(guard)),
        source_(std::move(source)),
        breaker_(std::make_shared<Breaker>(guard_->limits().failures_max,
                                           guard_->limits().probe_pause)) {}

  void get(const KeyView& key, const Call& call, Done<Value> done) override {
    pass({1, call.deadline}, std::move(done),
         [key = OwnedKey(key), call](Store& source, Done<Value> answer) {
           source.get(key.view(), call, std::move(answer));
         });
  }

  void get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) override {
    std::vector<OwnedKey> owned(keys.begin(), keys.end());
    pass({static_cast<double>(keys.size()), call.deadline}, std::move(done),
         [owned = std::move(owned), call](Store& source, Done<Values> answer) {
           std::vector<KeyView> views;
           for (const OwnedKey& key : owned) views.push_back(key.view());
           source.get_many(views, call, std::move(answer));
         });
  }

  void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override {
    pass({0, call.deadline}, as_write(std::move(done)),
         [key = OwnedKey(key), call, value = std::move(value)](Store& source,
                                                               Done<Value> answer) mutable {
           source.put(key.view(), std::move(value), call, std::move(answer));
         });
  }

  void compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                       Done<Value> done) override {
    pass({0, call.deadline}, as_write(std::move(done)),
         [key = OwnedKey(key), call, expected = std::move(expected), value = std::move(value)](
             Store& source, Done<Value> answer) mutable {
           source.compare_and_set(key.view(), std::move(expected), std::move(value), call,
                                  std::move(answer));
         });
  }

  void touch(const KeyView& key, Time expires_at, const Call& call, Done<Value> done) override {
    pass({0, call.deadline}, as_write(std::move(done)),
         [key = OwnedKey(key), call, expires_at](Store& source, Done<Value> answer) {
           source.touch(key.view(), expires_at, call, std::move(answer));
         });
  }

  void erase(const KeyView& key, const Call& call, Done<void> done) override {
    pass({0, call.deadline}, as_write(std::move(done)),
         [key = OwnedKey(key), call](Store& source, Done<void> answer) {
           source.erase(key.view(), call, std::move(answer));
         });
  }

 private:
  /// A write that got no turn in time was not applied, and says so.
  template <class T>
  static Done<T> as_write(Done<T> done) {
    return [done = std::move(done)](Result<T> result) mutable {
      if (!result && result.error().code == Errc::deadline_exceeded)
        result.error().code = Errc::unavailable;
      done(std::move(result));
    };
  }

  /// Who waits does not keep the source, which goes with its group.
  template <class T, class Ask>
  void pass(const Need& need, Done<T> done, Ask ask) {
    const auto ticket = breaker_->admit(guard_->now());
    if (!ticket) return done(std::unexpected(guard_->open_circuit(ticket.error())));
    guard_->enter(need, [weak = weak_from_this(), guard = std::weak_ptr(guard_), breaker = breaker_,
                         need, ticket = *ticket, done = std::move(done),
                         ask = std::move(ask)](std::optional<Error> refused) mutable {
      const auto self = weak.lock();
      if (!refused) refused = self ? self->reconsider(ticket) : give_turn_back(guard);
      if (!refused) return self->run(need, ticket, std::move(done), ask);
      breaker->told_nothing(ticket);
      done(std::unexpected(std::move(*refused)));
    });
  }

  /// Why the call that has its turn is not to be made after all.
  std::optional<Error> reconsider(Breaker::Ticket ticket) {
    const auto refusal = breaker_->reconsider(ticket, guard_->now());
    if (!refusal) return std::nullopt;
    guard_->finished(Verdict::none, Duration{0});
    return guard_->open_circuit(*refusal);
  }

  static Error give_turn_back(const std::weak_ptr<Guard>& weak) {
    if (const auto guard = weak.lock()) guard->finished(Verdict::none, Duration{0});
    return {.code = Errc::unavailable, .message = "the group is closed"};
  }

  template <class T, class Ask>
  void run(const Need& need, Breaker::Ticket ticket, Done<T> done, Ask& ask) {
    const auto shared = std::make_shared<Done<T>>(std::move(done));
    const auto end = [guard = guard_, breaker = breaker_, shared, ticket, began = guard_->now(),
                      deadline = need.deadline](Result<T> result) {
      Done<T> waiting = std::exchange(*shared, nullptr);
      if (!waiting) return;  // a source that answered, and then threw
      const Time now = guard->now();
      const Error* trouble = trouble_of(result);
      const bool unfair = deadline - began < kFairTime && now >= deadline;
      const Verdict verdict = !trouble ? Verdict::sound : unfair ? Verdict::none : Verdict::failed;
      tell(*breaker, ticket, verdict, trouble, now);
      guard->finished(verdict, now - began);
      waiting(std::move(result));
    };
    try {
      ask(*source_, end);
    } catch (const std::exception& thrown) {
      end(fail(Errc::internal, std::string("the source threw: ") + thrown.what()));
    }
  }

  static void tell(Breaker& breaker, Breaker::Ticket ticket, Verdict verdict, const Error* trouble,
                   Time now) {
    if (verdict == Verdict::sound) return breaker.succeeded(ticket);
    if (verdict == Verdict::none) return breaker.told_nothing(ticket);
    breaker.failed(ticket, trouble->message, now);
  }

  /// What is wrong with the source, by one answer; null if it is sound.
  template <class T>
  static const Error* trouble_of(const Result<T>& result) {
    return result || !is_trouble(result.error().code) ? nullptr : &result.error();
  }
  /// Keys may fail one by one, as where they are read so.
  static const Error* trouble_of(const Result<Values>& result) {
    if (!result) return trouble_of<Values>(result);
    const Error* trouble = nullptr;
    for (const Result<Value>& value : *result)
      if (trouble = trouble_of(value); !trouble) return nullptr;
    return trouble;
  }

  const std::shared_ptr<Guard> guard_;
  const std::shared_ptr<Store> source_;
  const std::shared_ptr<Breaker> breaker_;
};

std::shared_ptr<Store> Guard::guard(std::shared_ptr<Store> source) {
  return std::make_shared<Guarded>(std::static_pointer_cast<Guard>(shared_from_this()),
                                   std::move(source));
}

}  // namespace

std::shared_ptr<SourceGuard> SourceGuard::make(std::string name, const SourceLimits& limits,
                                               Scheduler& scheduler) {
  return std::make_shared<Guard>(std::move(name), limits, scheduler);
}

}  // namespace ringcache

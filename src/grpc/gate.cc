// SPDX-License-Identifier: Apache-2.0
#include "grpc/gate.h"

#include <thread>
#include <utility>

namespace ringcache {

void GrpcGate::enter() noexcept {
  ++inside_;
  ++entered_;
}

// Either this sees awaited_, or await_empty() sees nobody inside: both orders are sequential.
void GrpcGate::leave() {
  if (--inside_ != 0 || !awaited_) return;
  std::lock_guard lock(mutex_);
  empty_.notify_all();
}

void GrpcGate::keep(Task answer) {
  {
    std::lock_guard lock(mutex_);
    if (holding_) return kept_.push_back(std::move(answer));
  }
  answer();
}

void GrpcGate::hold(Duration pause, Duration limit) {
  holding_ = true;
  const Time end = BootClock::now() + limit;
  for (auto seen = entered_.load(); BootClock::now() < end; seen = entered_) {
    std::this_thread::sleep_for(pause);
    if (seen == entered_) return;
  }
}

void GrpcGate::release() {
  std::unique_lock lock(mutex_);
  holding_ = false;
  auto kept = std::exchange(kept_, {});
  lock.unlock();
  for (Task& answer : kept) answer();
}

void GrpcGate::await_empty(Time deadline) {
  awaited_ = true;
  std::unique_lock lock(mutex_);
  const auto nobody = [this] { return inside_ == 0; };
  if (deadline == Time::max())
    empty_.wait(lock, nobody);
  else
    empty_.wait_for(lock, deadline - BootClock::now(), nobody);
}

}  // namespace ringcache

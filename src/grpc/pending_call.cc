// SPDX-License-Identifier: Apache-2.0
#include "grpc/pending_call.h"

namespace ringcache {

PendingCall::PendingCall(grpc::CallbackServerContext& context, Intent intent, GrpcGate& gate)
    : context_(context), intent_(intent), gate_(gate) {}

grpc::ServerUnaryReactor* PendingCall::hold() {
  self_ = shared_from_this();
  gate_.enter();
  return this;
}

Time PendingCall::deadline(Duration timeout) const {
  const Time named = deadline_of(context_.raw_deadline());
  return named == Time::max() ? saturating_add(BootClock::now(), timeout) : named;
}

std::string PendingCall::client() const { return address_in(context_.peer()); }

void PendingCall::refuse(const Error& error) {
  if (claim()) end(refusal(error, context_));
}

void PendingCall::arm(Time deadline) {
  std::lock_guard lock(mutex_);
  if (claimed_ || deadline == Time::max()) return;
  alarm_.emplace();
  alarm_->Set(deadline_in(deadline - BootClock::now()), [weak = weak_from_this()](bool rang) {
    const auto call = rang ? weak.lock() : nullptr;
    if (call) call->refuse(late(call->intent_));
  });
}

// The client has left, its deadline has passed or the server's grace is over. The status may still
// be read: our clock may reach the deadline first, and the write goes on.
void PendingCall::OnCancel() {
  const auto keep = shared_from_this();
  const bool left = deadline_of(context_.raw_deadline()) > BootClock::now();
  if (intent_ == Intent::read && left) return refuse({Errc::unavailable, "the call was cancelled"});
  refuse(late(intent_));
}

// The Store's completion may hold this object for ever: nothing of the server is touched later.
void PendingCall::OnDone() {
  const auto last = std::move(self_);
  gate_.leave();
}

bool PendingCall::claim() {
  std::optional<grpc::Alarm> alarm;  // cancelled after the lock is gone
  std::lock_guard lock(mutex_);
  alarm.swap(alarm_);
  return !std::exchange(claimed_, true);
}

void PendingCall::end(const grpc::Status& status) {
  if (!gate_.holding()) return Finish(status);
  gate_.keep([call = shared_from_this(), status] { call->Finish(status); });
}

}  // namespace ringcache

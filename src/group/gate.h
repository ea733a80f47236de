// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>

namespace ringcache {

/// Stops new work and learns when the work under way is over. Costs one atomic addition to enter
/// and one to leave.
class Gate {
 public:
  /// Inside while it lives, if the gate was open: `if (!pass) return;`.
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(gate), inside_(gate.enter()) {}
    ~Pass() {
      if (inside_) gate_.leave();
    }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    explicit operator bool() const noexcept { return inside_; }

   private:
    Gate& gate_;
    bool inside_;
  };

  /// Refuses all who come from now on and waits for those inside. REQUIRES: the caller is not
  /// inside.
  void close() noexcept {
    std::uint32_t state = state_.fetch_or(kClosed) | kClosed;
    while (state != kClosed) {
      state_.wait(state);
      state = state_.load();
    }
  }

 private:
  static constexpr std::uint32_t kClosed = 1;
  static constexpr std::uint32_t kOne = 2;

  bool enter() noexcept {
    if (!(state_.fetch_add(kOne) & kClosed)) return true;
    leave();
    return false;
  }

  void leave() noexcept {
    if (state_.fetch_sub(kOne) == (kOne | kClosed)) state_.notify_all();
  }

  std::atomic<std::uint32_t> state_{0};
};

}  // namespace ringcache

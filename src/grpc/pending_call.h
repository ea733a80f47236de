// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <ringcache/store.h>

#include "grpc/errors.h"
#include "grpc/gate.h"

namespace ringcache {

/// One call of a client that waits for a Store: the first of answer, deadline and cancellation
/// finishes it, the others find it finished and touch nothing of it. Shared by gRPC (until OnDone),
/// the Store's completion and the alarm; context and response belong to gRPC and live until then.
class PendingCall final : public grpc::ServerUnaryReactor,
                          public std::enable_shared_from_this<PendingCall> {
 public:
  PendingCall(grpc::CallbackServerContext& context, Intent intent, GrpcGate& gate);

  /// Keeps the object alive until gRPC is done with it. To be called once, by the handler.
  grpc::ServerUnaryReactor* hold();

  /// The client's own deadline, else `timeout` from now.
  Time deadline(Duration timeout) const;

  std::string client() const;  ///< Call::client: the address at the other end.

  /// The completion to hand to a Store; `fill` writes the response and says how that went.
  template <class T, class Fill>
  Done<T> completion(Fill fill) {
    return [call = shared_from_this(), fill = std::move(fill)](Result<T> result) mutable {
      call->answer(std::move(result), fill);
    };
  }

  void refuse(const Error& error);

  /// Finishes the call at `deadline` unless that has happened. Cheap when it has, as after a hit.
  void arm(Time deadline);

 private:
  void OnCancel() override;
  void OnDone() override;

  template <class T, class Fill>
  void answer(Result<T> result, Fill& fill) {
    if (!result) return refuse(result.error());
    if (!claim()) return;
    if constexpr (std::is_void_v<T>)
      end(fill());
    else
      end(fill(*result));
  }

  bool claim();  ///< True for one caller: the one who is to call end().
  void end(const grpc::Status& status);

  grpc::CallbackServerContext& context_;
  const Intent intent_;
  GrpcGate& gate_;
  std::shared_ptr<PendingCall> self_;
  std::mutex mutex_;  // guards what follows
  bool claimed_ = false;
  std::optional<grpc::Alarm> alarm_;
};

}  // namespace ringcache

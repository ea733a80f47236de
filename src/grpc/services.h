// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/service_type.h>

#include <ringcache/grpc.h>

#include "grpc/gate.h"

namespace ringcache {

/// What the services stand in front of; outlives them.
struct Backend {
  const GrpcOptions& options;
  Store& store;
  GrpcGate gate{};  ///< Every call passes it.
};

std::unique_ptr<grpc::Service> cache_service(Backend& backend);
std::unique_ptr<grpc::Service> peer_service(Backend& backend);
std::unique_ptr<grpc::Service> groupcache_service(Backend& backend);
std::unique_ptr<grpc::Service> source_service(Backend& backend);

}  // namespace ringcache

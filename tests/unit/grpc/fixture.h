// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/grpcpp.h>

#include <ringcache/grpc.h>

#include "groupcache.grpc.pb.h"
#include "ringcache.grpc.pb.h"
#include "unit/grpc/fake_store.h"

namespace ringcache {

inline Member member_at(std::string address) {
  Member member;
  member.address = std::move(address);
  return member;
}

/// A server on a port of its own over a FakeStore, and clients of it.
class GrpcFixture : public ::testing::Test {
 protected:
  void start(GrpcOptions options = {}) {
    if (options.listen == GrpcOptions().listen) options.listen = "127.0.0.1:0";
    auto listening = GrpcServer::listen(std::move(options), store);
    ASSERT_TRUE(listening) << listening.error().message;
    server = std::move(*listening);
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(server->port()); }

  static std::shared_ptr<grpc::Channel> channel(const std::string& target) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  }

  std::shared_ptr<grpc::Channel> channel() const { return channel(address()); }
  std::unique_ptr<v1::Cache::Stub> client() const { return v1::Cache::NewStub(channel()); }

  static v1::GetRequest get_request(std::string key, std::string group = "scores") {
    v1::GetRequest request;
    request.set_group(std::move(group));
    request.set_key(std::move(key));
    return request;
  }

  static v1::BatchGetRequest batch_request(const std::vector<std::string>& keys) {
    v1::BatchGetRequest request;
    request.set_group("scores");
    for (const std::string& key : keys) request.add_keys(key);
    return request;
  }

  static v1::PutRequest put_request(std::string key, std::string value) {
    v1::PutRequest request;
    request.set_group("scores");
    request.set_key(std::move(key));
    request.set_value(std::move(value));
    return request;
  }

  static v1::DeleteRequest delete_request(std::string key) {
    v1::DeleteRequest request;
    request.set_group("scores");
    request.set_key(std::move(key));
    return request;
  }

  FakeStore store;
  std::unique_ptr<GrpcServer> server;
};

}  // namespace ringcache

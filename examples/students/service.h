// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <ringcache/config.h>
#include <ringcache/store.h>

#include "student.grpc.pb.h"

namespace students {

/// The group that the service reads and writes: each key is a name, each value a score, in the
/// table `students` of the source `school`.
ringcache::Config::GroupSection group();

/// studentpb.StudentService: every method is one call of the group. gRPC runs it on threads of its
/// own, so it can wait for the answers.
class Service final : public studentpb::StudentService::Service {
 public:
  /// REQUIRES: `store` has group() and outlives the service.
  explicit Service(ringcache::Store& store) : store_(store) {}

  grpc::Status Create(grpc::ServerContext* context, const studentpb::CreateRequest* request,
                      studentpb::Student* student) override;
  grpc::Status Show(grpc::ServerContext* context, const studentpb::ShowRequest* request,
                    studentpb::Student* student) override;
  grpc::Status Update(grpc::ServerContext* context, const studentpb::UpdateRequest* request,
                      studentpb::Student* student) override;
  grpc::Status Delete(grpc::ServerContext* context, const studentpb::DeleteRequest* request,
                      studentpb::DeleteResponse* response) override;

 private:
  ringcache::Store& store_;
};

}  // namespace students

// SPDX-License-Identifier: Apache-2.0
// A client of students: prints name, score and etag. Ends with gRPC's number of the status.
#include <grpcpp/grpcpp.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>

#include "student.grpc.pb.h"

using namespace studentpb;

namespace {

struct Arguments {
  std::string server = "127.0.0.1:9600";
  std::string name;
  std::string score;
  std::string etag;
};

using Command = grpc::Status(StudentService::Stub&, const Arguments&, Student&);

/// One call, with a deadline: without one it could wait for ever.
struct Context : grpc::ClientContext {
  Context() { set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5)); }
};

grpc::Status create(StudentService::Stub& stub, const Arguments& arguments, Student& student) {
  CreateRequest request;
  request.set_name(arguments.name);
  request.set_score(arguments.score);
  Context context;
  return stub.Create(&context, request, &student);
}

grpc::Status show(StudentService::Stub& stub, const Arguments& arguments, Student& student) {
  ShowRequest request;
  request.set_name(arguments.name);
  Context context;
  return stub.Show(&context, request, &student);
}

/// Without an etag it updates what is there now; not if somebody else is faster.
grpc::Status update(StudentService::Stub& stub, const Arguments& arguments, Student& student) {
  UpdateRequest request;
  request.set_name(arguments.name);
  request.set_score(arguments.score);
  request.set_etag(arguments.etag);
  if (arguments.etag.empty()) {
    if (auto shown = show(stub, arguments, student); !shown.ok()) return shown;
    request.set_etag(student.etag());
  }
  Context context;
  return stub.Update(&context, request, &student);
}

grpc::Status erase(StudentService::Stub& stub, const Arguments& arguments, Student&) {
  DeleteRequest request;
  request.set_name(arguments.name);
  DeleteResponse response;
  Context context;
  return stub.Delete(&context, request, &response);
}

int finish(const grpc::Status& status, const Student& student) {
  if (!status.ok())
    std::cerr << "students_client: " << status.error_message() << '\n';
  else if (!student.name().empty())
    std::cout << student.name() << '\t' << student.score() << '\t' << student.etag() << '\n';
  return status.error_code();
}

}  // namespace

int main(int argc, char** argv) {
  ::setenv("GRPC_VERBOSITY", "NONE", 0);  // gRPC would print what the status says
  Arguments arguments;
  CLI::App app("students_client: creates, shows, updates and deletes students");
  app.option_defaults()->always_capture_default();
  app.add_option("--server", arguments.server, "HOST:PORT of a students_server");
  app.require_subcommand(1);
  Command* run = nullptr;
  const auto add = [&](const char* name, const char* help, Command* command) {
    CLI::App* added = app.add_subcommand(name, help);
    added->add_option("name", arguments.name)->required();
    added->callback([&run, command] { run = command; });
    return added;
  };
  add("show", "a student's score and etag", show);
  add("delete", "a student", erase);
  add("create", "a student who is not there yet", create)
      ->add_option("score", arguments.score)
      ->required();
  auto* updating = add("update", "a student's score", update);
  updating->add_option("score", arguments.score)->required();
  updating->add_option("--etag", arguments.etag, "only if this is still the etag");
  CLI11_PARSE(app, argc, argv);

  const auto channel = grpc::CreateChannel(arguments.server, grpc::InsecureChannelCredentials());
  const auto stub = StudentService::NewStub(channel);
  Student student;
  const grpc::Status status = run(*stub, arguments, student);
  return finish(status, student);
}

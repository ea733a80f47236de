// SPDX-License-Identifier: Apache-2.0
#include "service.h"

#include <algorithm>
#include <optional>
#include <regex>
#include <string>

namespace students {
namespace {

using namespace ringcache;
using namespace std::chrono_literals;

constexpr const char* kGroup = "students";

/// The score as the table keeps it, "100.5" as "100.50"; nothing if it is none. Text from end to
/// end: no number in between could lose a cent.
std::optional<std::string> exact(const std::string& score) {
  static const std::regex kDecimal(R"((0|[1-9][0-9]{0,7})(?:\.([0-9]{1,2}))?)");
  std::smatch parts;
  if (!std::regex_match(score, parts, kDecimal)) return {};
  return parts.str(1) + '.' + (parts.str(2) + "00").substr(0, 2);
}

grpc::Status no_score() {
  return {grpc::INVALID_ARGUMENT,
          "a score has up to 8 digits, and up to 2 behind the point: 100.5"};
}

/// Until the client's own deadline, 5 s at most.
Call call_of(const grpc::ServerContext& context) {
  const Duration left = context.deadline() - std::chrono::system_clock::now();
  return {.deadline = BootClock::now() + std::min<Duration>(left, 5s)};
}

grpc::Status status_of(const Error& error) {
  switch (error.code) {
    case Errc::not_found:
      return {grpc::NOT_FOUND, "there is no such student"};
    case Errc::precondition_failed:
      return {grpc::FAILED_PRECONDITION,
              "the student has changed since that etag, or is gone; show it again"};
    case Errc::invalid_argument:
      return {grpc::INVALID_ARGUMENT, error.message};
    case Errc::overloaded:
      return {grpc::RESOURCE_EXHAUSTED, error.message};
    case Errc::deadline_exceeded:
      return {grpc::DEADLINE_EXCEEDED, error.message};
    case Errc::unavailable:
      return {grpc::UNAVAILABLE, error.message};
    case Errc::unknown:
      return {grpc::UNKNOWN, error.message};
    default:
      return {grpc::INTERNAL, error.message};
  }
}

grpc::Status answer(const std::string& name, const Result<Value>& score,
                    studentpb::Student& student) {
  if (!score) return status_of(score.error());
  student.set_name(name);
  student.set_score(std::string(score->bytes.view()));
  student.set_etag(etag_of(score->bytes.view()));
  return grpc::Status::OK;
}

}  // namespace

/// A put only makes rows and a compare-and-set only changes them, so that neither can do the
/// other's work by mistake. MariaDB would compare a decimal with a text as floats: hence the CAST.
Config::GroupSection group() {
  Config::GroupSection group;
  group.options.name = kGroup;
  group.options.limits.max_age = 10min;
  group.source = "school";
  group.get = "SELECT score FROM students WHERE name = :key";
  group.put =
      "INSERT INTO students (name, score) SELECT :key, :value"
      " WHERE NOT EXISTS (SELECT * FROM students WHERE name = :key)";
  group.cas =
      "UPDATE students SET score = :value"
      " WHERE name = :key AND CAST(score AS CHAR) = :expected";
  group.erase = "DELETE FROM students WHERE name = :key";
  return group;
}

grpc::Status Service::Create(grpc::ServerContext* context, const studentpb::CreateRequest* request,
                             studentpb::Student* student) {
  const auto score = exact(request->score());
  if (!score) return no_score();
  const auto created = put_blocking(store_, KeyView(kGroup, request->name()),
                                    {.bytes = Bytes::copy(*score)}, call_of(*context));
  // So a put says that it changed no row: the student was there.
  if (!created && created.error().code == Errc::not_found)
    return {grpc::ALREADY_EXISTS, "there is such a student already"};
  return answer(request->name(), created, *student);
}

grpc::Status Service::Show(grpc::ServerContext* context, const studentpb::ShowRequest* request,
                           studentpb::Student* student) {
  const auto score = get_blocking(store_, KeyView(kGroup, request->name()), call_of(*context));
  return answer(request->name(), score, *student);
}

grpc::Status Service::Update(grpc::ServerContext* context, const studentpb::UpdateRequest* request,
                             studentpb::Student* student) {
  const auto score = exact(request->score());
  if (!score) return no_score();
  if (request->etag().empty())
    return {grpc::INVALID_ARGUMENT, "an update needs the etag that show answers"};
  const auto updated =
      compare_and_set_blocking(store_, KeyView(kGroup, request->name()), {.etag = request->etag()},
                               {.bytes = Bytes::copy(*score)}, call_of(*context));
  return answer(request->name(), updated, *student);
}

grpc::Status Service::Delete(grpc::ServerContext* context, const studentpb::DeleteRequest* request,
                             studentpb::DeleteResponse*) {
  const auto erased = erase_blocking(store_, KeyView(kGroup, request->name()), call_of(*context));
  return erased ? grpc::Status::OK : status_of(erased.error());
}

}  // namespace students

// SPDX-License-Identifier: Apache-2.0
#include "grpc/errors.h"

#include <grpc/support/time.h>
#include <gtest/gtest.h>

#include <limits>

#include "grpc/spans.h"
#include "status.pb.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;

Errc meaning(grpc::StatusCode code, Intent intent) {
  const grpc::ClientContext context;  // no trailers: the status is gRPC's own
  return error_of(grpc::Status(code, ""), context, intent).code;
}

TEST(ErrorsTest, ALateReadIsADeadlineAndALateWriteIsUnknown) {
  EXPECT_EQ(late(Intent::read).code, Errc::deadline_exceeded);
  EXPECT_EQ(late(Intent::write).code, Errc::unknown);
}

TEST(ErrorsTest, ALostConnectionMakesAReadUnavailable) {
  EXPECT_EQ(meaning(grpc::StatusCode::UNAVAILABLE, Intent::read), Errc::unavailable);
  EXPECT_EQ(meaning(grpc::StatusCode::UNKNOWN, Intent::read), Errc::unavailable);
  EXPECT_EQ(meaning(grpc::StatusCode::CANCELLED, Intent::read), Errc::unavailable);
}

TEST(ErrorsTest, AFailedWriteIsUnknownWhateverGrpcSays) {
  for (const auto code : {grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::DEADLINE_EXCEEDED,
                          grpc::StatusCode::CANCELLED, grpc::StatusCode::INTERNAL,
                          grpc::StatusCode::RESOURCE_EXHAUSTED})
    EXPECT_EQ(meaning(code, Intent::write), Errc::unknown) << code;
}

TEST(ErrorsTest, AMethodNobodyServesWasNotApplied) {
  EXPECT_EQ(meaning(grpc::StatusCode::UNIMPLEMENTED, Intent::write), Errc::unsupported);
}

TEST(ErrorsTest, WhatOnlyAHandlerCanHaveSaidIsBelievedOfAWriteToo) {
  for (const auto intent : {Intent::read, Intent::write}) {
    EXPECT_EQ(meaning(grpc::StatusCode::NOT_FOUND, intent), Errc::not_found);
    EXPECT_EQ(meaning(grpc::StatusCode::INVALID_ARGUMENT, intent), Errc::invalid_argument);
    EXPECT_EQ(meaning(grpc::StatusCode::ALREADY_EXISTS, intent), Errc::invalid_argument);
    EXPECT_EQ(meaning(grpc::StatusCode::OUT_OF_RANGE, intent), Errc::invalid_argument);
    EXPECT_EQ(meaning(grpc::StatusCode::FAILED_PRECONDITION, intent), Errc::unsupported);
    EXPECT_EQ(meaning(grpc::StatusCode::ABORTED, intent), Errc::unavailable);
  }
}

TEST(ErrorsTest, ACodeOfOursComesBackAsItWentWhereItsStatusIsItsOwn) {
  for (const auto code :
       {Errc::not_found, Errc::invalid_argument, Errc::too_large, Errc::unsupported,
        Errc::deadline_exceeded, Errc::unavailable, Errc::internal})
    EXPECT_EQ(errc_of(status_code(code)), code) << errc_name(code);
}

grpc::Status later(grpc::StatusCode code, std::int64_t seconds, std::int32_t nanos) {
  v1::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(seconds);
  info.mutable_retry_delay()->set_nanos(nanos);
  v1::Status details;
  details.add_details()->set_type_url("type.googleapis.com/google.rpc.Help");
  v1::StatusDetail& detail = *details.add_details();
  detail.set_type_url("type.googleapis.com/google.rpc.RetryInfo");
  detail.set_value(info.SerializeAsString());
  return {code, "", details.SerializeAsString()};
}

Duration retry_after(std::int64_t seconds, std::int32_t nanos) {
  const grpc::ClientContext context;
  return error_of(later(grpc::StatusCode::UNAVAILABLE, seconds, nanos), context, Intent::read)
      .retry_after;
}

TEST(ErrorsTest, WhoeverSaysWhenToComeAgainIsHeard) {
  EXPECT_EQ(retry_after(2, 500'000'000), 2'500ms);
  EXPECT_EQ(retry_after(0, 1), 1ns);
}

TEST(ErrorsTest, WhatIsExhaustedForATimeIsAnOverload) {
  const grpc::ClientContext context;
  const auto meant = [&](std::int64_t seconds, Intent intent) {
    return error_of(later(grpc::StatusCode::RESOURCE_EXHAUSTED, seconds, 0), context, intent);
  };
  EXPECT_EQ(meant(2, Intent::read), (Error{Errc::overloaded, "", 2s}));
  EXPECT_EQ(meant(0, Intent::read).code, Errc::too_large);
  EXPECT_EQ(meant(2, Intent::write).code, Errc::unknown);
}

TEST(ErrorsTest, ATimeToComeAgainThatIsNoneDoesNoHarm) {
  EXPECT_EQ(retry_after(-5, -5), 0ns);
  EXPECT_EQ(retry_after(std::numeric_limits<std::int64_t>::max(), 999'999'999), Duration::max());
  const grpc::ClientContext context;
  const grpc::Status status(grpc::StatusCode::UNAVAILABLE, "", "\xff\xff no message");
  EXPECT_EQ(error_of(status, context, Intent::read), (Error{Errc::unavailable, ""}));
}

TEST(ErrorsTest, AnAddressIsAPeersNameWithoutItsPort) {
  EXPECT_EQ(address_in("ipv4:10.0.0.7:5050"), "10.0.0.7");
  EXPECT_EQ(address_in("ipv6:%5B::1%5D:5050"), "::1");
  EXPECT_EQ(address_in("ipv6:[fe80::1]:5050"), "fe80::1");
  for (const char* other : {"unix:/run/s.sock", "unknown", "", "ipv4"})
    EXPECT_EQ(address_in(other), other);
  for (const char* broken : {"ipv4:", "ipv6:", "ipv6:[", "ipv6:%5B"}) address_in(broken);
}

TEST(ErrorsTest, NoDeadlineIsForEver) {
  EXPECT_EQ(deadline_of(gpr_inf_future(GPR_CLOCK_REALTIME)), Time::max());
  const gpr_timespec remote =
      gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_hours(100'000'000, GPR_TIMESPAN));
  EXPECT_EQ(deadline_of(remote), Time::max());
}

TEST(ErrorsTest, ADeadlineSurvivesTheWayThereAndBack) {
  const Time deadline = deadline_of(deadline_in(10s));
  EXPECT_LE(deadline, BootClock::now() + 10s);
  EXPECT_GT(deadline, BootClock::now() + 5s);
}

TEST(SpansTest, ASpanIsNeverNegativeAndNeverOverflows) {
  EXPECT_EQ(count_of<std::chrono::milliseconds>(-5s), 0u);
  EXPECT_EQ(count_of<std::chrono::milliseconds>(5s), 5'000u);
  EXPECT_EQ(span_of<std::chrono::milliseconds>(5'000), 5s);
  EXPECT_EQ(span_of<std::chrono::milliseconds>(~std::uint64_t{0}), Duration::max());
}

}  // namespace
}  // namespace ringcache

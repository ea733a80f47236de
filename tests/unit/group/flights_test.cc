// SPDX-License-Identifier: Apache-2.0
#include "group/flights.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

class FlightsTest : public ::testing::Test {
 protected:
  Deadlines::Id waiter() { return {.when = {}, .order = ++waiters_}; }
  FlightPtr join(Via via) { return flights.join(key, via, waiter(), {}); }

  /// Whether the flight filled.
  bool land(const FlightPtr& flight) {
    bool filled = false;
    landing = flights.land(flight, [&](bool) { filled = true; }, {});
    return filled;
  }

  static void nothing() {}

  Flights flights;
  Flights::Landing landing;
  KeyView key{"g", "k"};

 private:
  std::uint64_t waiters_ = 0;
};

TEST_F(FlightsTest, TheFirstStartsAFlightToTheSourceAndTheOthersJoin) {
  const auto flight = join(Via::source);
  EXPECT_FALSE(join(Via::source));
  EXPECT_TRUE(flights.in_flight(key));
  EXPECT_TRUE(land(flight));
  EXPECT_EQ(landing.waiters.size(), 2u);
  EXPECT_FALSE(flights.in_flight(key));
}

TEST_F(FlightsTest, AFlightToTheSourceIsNotJoinedByThoseWhoAskAPeer) {
  EXPECT_TRUE(join(Via::peer));
  EXPECT_TRUE(join(Via::source));
  EXPECT_EQ(flights.size(), 2u);
}

TEST_F(FlightsTest, WhoComesDuringAFlightToAPeerWaitsForTheNext) {
  const auto first = join(Via::peer);
  EXPECT_FALSE(join(Via::peer));
  EXPECT_FALSE(join(Via::peer));
  land(first);
  EXPECT_EQ(landing.waiters.size(), 1u);
  const auto next = landing.next;
  ASSERT_TRUE(next);
  land(next);
  EXPECT_EQ(landing.waiters.size(), 2u);
  EXPECT_FALSE(landing.next);
}

TEST_F(FlightsTest, ASupersededFlightAnswersButNeitherFillsNorTakesPassengers) {
  const auto old = join(Via::source);
  flights.supersede(key, nothing);
  const auto fresh = join(Via::source);
  ASSERT_TRUE(fresh);
  EXPECT_FALSE(land(old));
  EXPECT_EQ(landing.waiters.size(), 1u);
  EXPECT_TRUE(land(fresh));
}

TEST_F(FlightsTest, ThoseWhoWaitForTheNextAreNotForgottenWhenTheFirstIsSuperseded) {
  const auto first = join(Via::peer);
  join(Via::peer);
  flights.supersede(key, nothing);
  land(first);
  ASSERT_TRUE(landing.next);
  land(landing.next);
  EXPECT_EQ(landing.waiters.size(), 1u);
}

TEST_F(FlightsTest, AFreshFlightTakesThoseAlongWhoWaitForTheNext) {
  const auto first = join(Via::peer);
  join(Via::peer);
  flights.supersede(key, nothing);
  const auto fresh = join(Via::peer);
  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->waiters.size(), 2u);
  land(first);
  EXPECT_FALSE(landing.next);
}

TEST_F(FlightsTest, WhileAWriteRunsNoFlightFills) {
  const auto before = join(Via::source);
  flights.begin_write(key, nothing);
  const auto during = join(Via::source);
  ASSERT_TRUE(during);
  EXPECT_FALSE(land(before));
  EXPECT_FALSE(land(during));
}

TEST_F(FlightsTest, AFlightThatOverlapsAWriteDoesNotFillAfterIt) {
  flights.begin_write(key, nothing);
  const auto during = join(Via::source);
  flights.end_write(key, nothing, nothing);
  EXPECT_FALSE(land(during));
  EXPECT_TRUE(land(join(Via::source)));
}

TEST_F(FlightsTest, AWriteIsKeptUnlessItsKeyLeftMeanwhile) {
  std::string said;
  const auto keep = [&] { said += "keep "; };
  const auto drop = [&] { said += "drop "; };
  flights.begin_write(key, nothing);
  flights.end_write(key, keep, drop);
  flights.begin_write(key, nothing);
  flights.supersede_if([](std::string_view name) { return name == "k"; });
  flights.end_write(key, keep, drop);
  EXPECT_EQ(said, "keep drop ");
}

TEST_F(FlightsTest, KeysThatStayKeepTheirFlights) {
  const auto flight = join(Via::source);
  flights.supersede_if([](std::string_view name) { return name != "k"; });
  EXPECT_TRUE(land(flight));
}

TEST_F(FlightsTest, RemembersThatSomeoneReadsPastTheOwner) {
  const auto flight = join(Via::source);
  flights.join(key, Via::source, waiter(), {}, true);
  bool bypass = false;
  flights.land(flight, [&](bool by) { bypass = by; }, {});
  EXPECT_TRUE(bypass);
}

TEST_F(FlightsTest, AFlightThatNobodyWaitsForYetCanBeJoined) {
  const auto flight = flights.start(key, {});
  ASSERT_TRUE(flight);
  EXPECT_FALSE(flights.start(key, {})) << "there is one";
  EXPECT_FALSE(join(Via::source));
  EXPECT_TRUE(land(flight));
  EXPECT_EQ(landing.waiters.size(), 1u);
  EXPECT_TRUE(flights.start(key, {}));
}

TEST_F(FlightsTest, AFlightAloneNeitherFillsNorIsJoined) {
  const auto alone = flights.alone(key, waiter(), {}, std::chrono::seconds(1));
  EXPECT_FALSE(flights.in_flight(key));
  EXPECT_TRUE(join(Via::peer));
  EXPECT_FALSE(land(alone));
  EXPECT_EQ(landing.waiters.size(), 1u);
  EXPECT_FALSE(landing.next);
}

TEST_F(FlightsTest, StampsRiseOverLoadsAndWrites) {
  const auto flight = join(Via::source);
  const auto write = flights.stamp();
  flights.supersede(key, nothing);
  EXPECT_LT(flight->stamp, write);
  EXPECT_LT(write, join(Via::source)->stamp);
}

}  // namespace
}  // namespace ringcache

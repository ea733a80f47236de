// SPDX-License-Identifier: Apache-2.0
#include "grpc/link.h"

#include <future>

#include "support/deaf_port.h"
#include "unit/grpc/fixture.h"

namespace ringcache {
namespace {

using testing::DeafPort;

class LinkTest : public GrpcFixture {
 protected:
  static LinkOptions to(std::string address, std::string ping = "/ringcache.v1.Peer/Ping") {
    return {.address = std::move(address),
            .ping = std::move(ping),
            .calls_max = 1,
            .message_bytes_max = 1 << 20,
            .keepalive = 2s};
  }

  static Result<void> connect(Link& link, Time deadline = Time::max()) {
    std::promise<Result<void>> connected;
    link.connect(deadline, [&](Result<void> r) { connected.set_value(std::move(r)); });
    return connected.get_future().get();
  }
};

TEST_F(LinkTest, ALinkThatHasConnectedStands) {
  start();
  Link link(to(address()));
  EXPECT_TRUE(connect(link));
  EXPECT_TRUE(link.stands());
}

TEST_F(LinkTest, AServerThatDoesNotKnowThePingIsAServer) {
  start();
  Link link(to(address(), "/no.such.Service/Method"));
  EXPECT_TRUE(connect(link));
}

TEST_F(LinkTest, WhoCannotBeReachedIsSaidToBe) {
  const DeafPort closed(false);
  Link link(to(closed.address()));
  const auto connected = connect(link);
  EXPECT_EQ(connected.error().code, Errc::unavailable);
  EXPECT_TRUE(connected.error().message.starts_with("not sent: ")) << connected.error().message;
  EXPECT_FALSE(link.stands());
}

TEST_F(LinkTest, WhoNeverSpeaksIsWaitedForUntilTheDeadline) {
  const DeafPort deaf(true);
  Link link(to(deaf.address()));
  EXPECT_EQ(connect(link, BootClock::now() + 100ms).error().code, Errc::unavailable);
}

TEST_F(LinkTest, TheLastLinkOfAProgramMayEndOnAThreadOfGrpcs) {
  const DeafPort closed(false);
  for (int i = 0; i < 3; ++i) {
    std::promise<void> over;
    auto link = std::make_shared<Link>(to(closed.address()));
    Link& last = *link;
    last.connect(Time::max(), [link = std::move(link), &over](const Result<void>&) mutable {
      link.reset();
      over.set_value();
    });
    over.get_future().wait();
  }
}

TEST_F(LinkTest, ACallIsRefusedAboveTheMostAndAfterItsDeadline) {
  Link link(to("127.0.0.1:1"));
  const Time past = BootClock::now() - 1s;
  EXPECT_FALSE(link.objection(Time::max(), Intent::write));
  EXPECT_EQ(link.objection(past, Intent::read)->code, Errc::deadline_exceeded);
  EXPECT_EQ(link.objection(past, Intent::write)->code, Errc::unavailable);
  link.calls = 2;
  EXPECT_EQ(link.objection(Time::max(), Intent::read)->code, Errc::overloaded);
}

}  // namespace
}  // namespace ringcache

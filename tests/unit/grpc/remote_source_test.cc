// SPDX-License-Identifier: Apache-2.0
#include <ringcache/remote_source.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "source.grpc.pb.h"
#include "support/deaf_port.h"
#include "unit/grpc/fixture.h"

namespace ringcache {
namespace {

using testing::DeafPort;

const KeyView kKey("scores", "k");
const KeyView kHeld("scores", "held");

Call within(Duration span) { return {.deadline = BootClock::now() + span}; }

std::string free_address() {
  return "127.0.0.1:" + std::to_string(testing::free_port(testing::first_port()));
}

/// What is said, level and words, by whatever thread.
class Said {
 public:
  Log log() {
    return Log([this](LogLevel level, std::string_view, std::string_view words) {
      std::lock_guard lock(mutex_);
      lines_.push_back(std::string(log_level_name(level)) + " " + std::string(words));
    });
  }
  std::vector<std::string> lines() const {
    std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// A GrpcServer over a FakeStore is the program that serves the source.
class RemoteSourceTest : public GrpcFixture {
 protected:
  void SetUp() override {
    start({.listen = free_address()});
    open({});
  }

  void open(RemoteSourceOptions options, const std::string& at = {}) {
    options.name = "school";
    options.target = at.empty() ? address() : at;
    source = *remote_source(std::move(options));
  }

  Values get_many(const std::vector<std::string>& names) {
    std::vector<KeyView> keys;
    for (const std::string& name : names) keys.emplace_back("scores", name);
    auto values = get_many_blocking(*source, keys);
    EXPECT_TRUE(values) << values.error().message;
    return std::move(*values);
  }

  /// Asks until the answer is something else than `code`.
  Errc after(Errc code) {
    const Time end = BootClock::now() + 10s;
    auto result = get_blocking(*source, kKey);
    while (result.error().code == code && BootClock::now() < end) {
      std::this_thread::yield();
      result = get_blocking(*source, kKey);
    }
    return result.error().code;
  }

  std::shared_ptr<Store> source;
};

TEST_F(RemoteSourceTest, KeysAndValuesTravelByteForByte) {
  std::string all;
  for (int b = 0; b < 256; ++b) all.push_back(static_cast<char>(b));
  std::string large;
  while (large.size() < 1 << 20) large += all;
  for (const std::string& bytes :
       {std::string(), std::string("\0a\0", 3), std::string("张三😀"), all, large}) {
    const std::string name = "k" + bytes.substr(0, 1000);
    const KeyView key("scores", name);
    EXPECT_EQ(put_blocking(*source, key, {.bytes = Bytes::copy(bytes)})->bytes.view(), bytes);
    EXPECT_EQ(store.find(key)->bytes.view(), bytes);
    EXPECT_EQ(get_blocking(*source, key)->bytes.view(), bytes);
    EXPECT_EQ(get_many({name}).at(0)->bytes.view(), bytes);
    EXPECT_TRUE(erase_blocking(*source, key));
    EXPECT_EQ(get_blocking(*source, key).error().code, Errc::not_found);
  }
}

TEST_F(RemoteSourceTest, AMissingKeyIsNotFound) {
  EXPECT_EQ(get_blocking(*source, kKey).error().code, Errc::not_found);
  EXPECT_EQ(erase_blocking(*source, kKey).error().code, Errc::not_found);
}

TEST_F(RemoteSourceTest, ARowsOwnLifeTravelsBothWays) {
  const Time end = BootClock::now() + 60s;
  const auto stored = put_blocking(*source, kKey, {.bytes = Bytes::copy("v"), .expires_at = end});
  const auto loaded = get_blocking(*source, kKey);
  for (const Time seen : {store.find(kKey)->expires_at, stored->expires_at, loaded->expires_at,
                          get_many({"k"}).at(0)->expires_at})
    EXPECT_NEAR(static_cast<double>((seen - end) / 1ms), 0, 1'000);
}

TEST_F(RemoteSourceTest, ARowWithoutAnEndHasNone) {
  ASSERT_TRUE(put_blocking(*source, kKey, {.bytes = Bytes::copy("v")}));
  EXPECT_EQ(get_blocking(*source, kKey)->expires_at, Time::max());
}

TEST_F(RemoteSourceTest, APutAnswersWhatTheSourceNowHolds) {
  const auto stored =
      put_blocking(*source, KeyView("scores", "normalised"), {.bytes = Bytes::copy("v")});
  EXPECT_EQ(stored->bytes.view(), "as the database has it");
}

TEST_F(RemoteSourceTest, ManyKeysAreAnsweredInTheirOrderEachWithItsOwnError) {
  store.set("a", {.bytes = Bytes::copy("1")});
  store.set("b", {.bytes = Bytes::copy("2")});
  const Values values = get_many({"b", "none", "error:overloaded", "a", "b"});
  ASSERT_EQ(values.size(), 5u);
  EXPECT_EQ(values[0]->bytes.view(), "2");
  EXPECT_EQ(values[1].error().code, Errc::not_found);
  EXPECT_EQ(values[2].error(), (Error{Errc::overloaded, "source school: as you wished"}));
  EXPECT_EQ(values[3]->bytes.view(), "1");
  EXPECT_EQ(values[4]->bytes.view(), "2");
}

TEST_F(RemoteSourceTest, NoKeysAreNoCall) {
  EXPECT_TRUE(get_many({}).empty());
  EXPECT_EQ(store.calls(), 0u);
}

TEST_F(RemoteSourceTest, EveryErrorSurvivesTheWireUnderTheSourcesName) {
  for (const auto code : {Errc::no_such_group, Errc::invalid_argument, Errc::too_large,
                          Errc::unsupported, Errc::overloaded, Errc::deadline_exceeded,
                          Errc::unavailable, Errc::unknown, Errc::internal}) {
    const std::string name = "error:" + std::string(errc_name(code));
    const KeyView key("scores", name);
    const Error expected{code, "source school: as you wished"};
    EXPECT_EQ(get_blocking(*source, key).error(), expected);
    EXPECT_EQ(get_many({name}).at(0).error(), expected);
    EXPECT_EQ(put_blocking(*source, key, {}).error(), expected);
    EXPECT_EQ(erase_blocking(*source, key).error(), expected);
  }
}

TEST_F(RemoteSourceTest, WhenToComeAgainSurvivesTheWire) {
  const KeyView key("scores", "later");
  EXPECT_EQ(get_blocking(*source, key).error().retry_after, kLater.retry_after);
  EXPECT_EQ(put_blocking(*source, key, {}).error().retry_after, kLater.retry_after);
  EXPECT_EQ(get_many({"later"}).at(0).error().retry_after, 1'235ms);
}

TEST_F(RemoteSourceTest, TheEarlierOfDeadlineAndTimeoutTravels) {
  open({.timeout = 10s});
  EXPECT_FALSE(get_blocking(*source, kKey));
  EXPECT_LE(store.last_call().deadline, BootClock::now() + 11s);  // gRPC rounds up
  EXPECT_GT(store.last_call().deadline, BootClock::now() + 5s);
  EXPECT_FALSE(get_blocking(*source, kKey, within(4s)));
  EXPECT_LE(store.last_call().deadline, BootClock::now() + 5s);
  EXPECT_FALSE(store.last_call().forwarded);
}

TEST_F(RemoteSourceTest, AtTheTimeoutAReadIsLateAndAWriteThatWasSentIsUnknown) {
  open({.timeout = 500ms});
  std::promise<Error> read, many, write, erase;
  source->get(kHeld, {}, [&](Result<Value> r) { read.set_value(r.error()); });
  source->get_many(std::span(&kHeld, 1), {}, [&](Result<Values> r) { many.set_value(r.error()); });
  source->put(kHeld, {}, {}, [&](Result<Value> r) { write.set_value(r.error()); });
  source->erase(kHeld, {}, [&](Result<void> r) { erase.set_value(r.error()); });
  store.await_held(4);
  EXPECT_EQ(read.get_future().get(),
            (Error{Errc::deadline_exceeded, "source school: no answer before the deadline"}));
  EXPECT_EQ(many.get_future().get().code, Errc::deadline_exceeded);
  EXPECT_EQ(write.get_future().get().code, Errc::unknown);
  EXPECT_EQ(erase.get_future().get().code, Errc::unknown);
  store.release();
}

TEST_F(RemoteSourceTest, AProgramThatIsAwayIsNamedAndFoundAgainWhenItIsBack) {
  Said said;
  open({.log = said.log()});
  const std::string same = address();
  EXPECT_EQ(get_blocking(*source, kKey).error().code, Errc::not_found);
  server.reset();
  EXPECT_EQ(after(Errc::not_found), Errc::unavailable);
  const auto away = get_blocking(*source, KeyView("scores", "secret")).error();
  EXPECT_TRUE(away.message.starts_with("source school: ")) << away.message;
  EXPECT_EQ(away.message.find("secret"), std::string::npos) << away.message;
  start({.listen = same});
  store.set("k", {.bytes = Bytes::copy("v")});
  const Time end = BootClock::now() + 10s;
  while (!get_blocking(*source, kKey) && BootClock::now() < end) std::this_thread::yield();
  EXPECT_EQ(get_blocking(*source, kKey)->bytes.view(), "v");
  EXPECT_EQ(said.lines(), (std::vector<std::string>{"error source school cannot be reached at " +
                                                        same + "; calls are refused until it can",
                                                    "info source school is back"}));
}

TEST_F(RemoteSourceTest, AWriteToNobodyWasNotApplied) {
  const DeafPort closed(false), deaf(true);
  open({}, closed.address());
  EXPECT_EQ(put_blocking(*source, kKey, {}).error().code, Errc::unavailable);
  EXPECT_EQ(erase_blocking(*source, kKey).error().code, Errc::unavailable);
  open({.timeout = 100ms}, deaf.address());
  EXPECT_EQ(put_blocking(*source, kKey, {}).error().code, Errc::unavailable);
}

TEST_F(RemoteSourceTest, WhenTheProgramDiesInMidCallAReadIsUnavailableAndAWriteUnknown) {
  std::promise<Errc> read, write;
  source->get(kHeld, {}, [&](Result<Value> r) { read.set_value(r.error().code); });
  source->put(kHeld, {}, {}, [&](Result<Value> r) { write.set_value(r.error().code); });
  store.await_held(2);
  server->drain(0s);
  EXPECT_EQ(read.get_future().get(), Errc::unavailable);
  EXPECT_EQ(write.get_future().get(), Errc::unknown);
  store.release();
}

TEST_F(RemoteSourceTest, AValueAboveTheLimitIsRefusedWhicheverWayItGoes) {
  open({.value_bytes_max = 10});
  store.set("fits", {.bytes = Bytes::copy("0123456789")});
  store.set("large", {.bytes = Bytes::copy("0123456789a")});
  const KeyView large("scores", "large");
  EXPECT_EQ(get_blocking(*source, large).error(),
            (Error{Errc::too_large, "source school: the value is longer than 10 bytes"}));
  const Values values = get_many({"large", "fits"});
  EXPECT_EQ(values[0].error(), get_blocking(*source, large).error());
  EXPECT_EQ(values[1]->bytes.size(), 10u);
  const std::size_t calls = store.calls();
  EXPECT_EQ(put_blocking(*source, kKey, {.bytes = Bytes::copy("0123456789a")}).error().code,
            Errc::too_large);
  EXPECT_EQ(store.calls(), calls);
}

TEST_F(RemoteSourceTest, AStoredValueThatIsTooLargeToComeBackLeavesTheWriteUnknown) {
  open({.value_bytes_max = 10});
  EXPECT_EQ(put_blocking(*source, KeyView("scores", "normalised"), {}).error().code, Errc::unknown);
}

TEST_F(RemoteSourceTest, ABatchAboveItsLimitIsTooLarge) {
  open({.value_bytes_max = 3 << 20, .batch_bytes_max = 4 << 20});
  store.set("k", {.bytes = Bytes::copy(std::string(3 << 20, 'v'))});
  const std::vector<KeyView> keys(2, kKey);
  EXPECT_EQ(get_many_blocking(*source, keys).error().code, Errc::too_large);
  EXPECT_TRUE(get_blocking(*source, kKey));
}

TEST_F(RemoteSourceTest, AboveTheMostCallsInFlightOneIsRefused) {
  open({.calls_max = 1});
  std::promise<void> over;
  source->get(kHeld, {}, [&](Result<Value>) { over.set_value(); });
  store.await_held(1);
  EXPECT_EQ(get_blocking(*source, kKey).error(),
            (Error{Errc::overloaded, "source school: too many calls in flight"}));
  store.release();
  over.get_future().wait();
}

TEST_F(RemoteSourceTest, ACallOutlivesTheStoreItWasMadeOn) {
  std::promise<Result<Value>> answer;
  source->get(kHeld, {}, [&](Result<Value> r) { answer.set_value(std::move(r)); });
  store.await_held(1);
  source.reset();
  store.release();
  EXPECT_EQ(answer.get_future().get()->bytes.view(), "held");
}

TEST_F(RemoteSourceTest, ATargetThatIsNoneIsTheCallersMistake) {
  for (const char* wrong : {"", "school", ":9000", "school:0", "school:x", "a:1/b"})
    EXPECT_EQ(remote_source({.name = "s", .target = wrong}).error().code, Errc::invalid_argument)
        << wrong;
}

/// A program in whatever language, which knows nothing of ringcache but source.proto: gives the
/// answers it is told to, and has no health service.
class Foreign final : public v1::Source::Service {
 public:
  grpc::Status status;
  v1::Row row;
  v1::LoadManyResponse many;

  grpc::Status Load(grpc::ServerContext*, const v1::LoadRequest*, v1::Row* response) override {
    *response = row;
    return status;
  }
  grpc::Status LoadMany(grpc::ServerContext*, const v1::LoadManyRequest*,
                        v1::LoadManyResponse* response) override {
    *response = many;
    return status;
  }
  grpc::Status Store(grpc::ServerContext*, const v1::StoreRequest*, v1::StoreResponse*) override {
    return status;
  }
  grpc::Status Erase(grpc::ServerContext*, const v1::EraseRequest*, v1::EraseResponse*) override {
    return status;
  }
};

/// A program that does what is enough to read, and no more.
class Frugal final : public v1::Source::Service {
 public:
  std::atomic<int> loads = 0;

  grpc::Status Load(grpc::ServerContext*, const v1::LoadRequest* request,
                    v1::Row* response) override {
    ++loads;
    if (request->key() == "none") return {grpc::StatusCode::NOT_FOUND, "no such row"};
    response->set_value(request->group() + " " + request->key());
    return grpc::Status::OK;
  }
};

std::unique_ptr<grpc::Server> serve(grpc::Service& service, const std::string& address) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  return builder.BuildAndStart();
}

TEST(FrugalSourceTest, ABatchOfAProgramThatOnlyLoadsIsLoadedKeyByKey) {
  Frugal frugal;
  const std::string address = free_address();
  const auto server = serve(frugal, address);
  const auto source = *remote_source({.name = "school", .target = address, .timeout = 10s});
  const std::vector<KeyView> keys{kKey, {"scores", "none"}, {"scores", "a"}};
  for (int asked = 1; asked <= 2; ++asked) {
    const auto values = get_many_blocking(*source, keys);
    ASSERT_TRUE(values) << values.error().message;
    EXPECT_EQ(values->at(0)->bytes.view(), "scores k");
    EXPECT_EQ(values->at(1).error(), (Error{Errc::not_found, "source school: no such row"}));
    EXPECT_EQ(values->at(2)->bytes.view(), "scores a");
    EXPECT_EQ(frugal.loads, 3 * asked);
  }
}

class ForeignSourceTest : public ::testing::Test {
 protected:
  ForeignSourceTest() {
    const std::string address = free_address();
    server = serve(foreign, address);
    source = *remote_source({.name = "school", .target = address, .timeout = 10s});
  }

  Foreign foreign;
  std::unique_ptr<grpc::Server> server;
  std::shared_ptr<Store> source;
};

TEST_F(ForeignSourceTest, AnEmptyAnswerToAStoreIsAsItWasGiven) {
  const Time end = BootClock::now() + 60s;
  const auto stored = put_blocking(*source, kKey, {.bytes = Bytes::copy("v"), .expires_at = end});
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->bytes.view(), "v");
  EXPECT_EQ(stored->expires_at, end);
  EXPECT_TRUE(erase_blocking(*source, kKey));
}

TEST_F(ForeignSourceTest, ARowsLifeCountsFromWhenItWasAskedFor) {
  foreign.row.set_ttl_ms(60'000);
  *foreign.many.add_results()->mutable_row() = foreign.row;
  const Time before = BootClock::now();
  for (const Result<Value>& loaded :
       {get_blocking(*source, kKey), get_many_blocking(*source, std::span(&kKey, 1))->at(0)}) {
    EXPECT_GE(loaded->loaded_at, before);
    EXPECT_EQ(loaded->expires_at, loaded->loaded_at + 60s);
  }
  foreign.row.set_ttl_ms(~std::uint64_t{0});
  EXPECT_EQ(get_blocking(*source, kKey)->expires_at, Time::max());
}

TEST_F(ForeignSourceTest, MoreOrFewerResultsThanKeysAreNoAnswer) {
  const std::vector<KeyView> keys(2, kKey);
  foreign.many.add_results()->mutable_row()->set_value("v");
  EXPECT_EQ(get_many_blocking(*source, keys).error(),
            (Error{Errc::internal, "source school: it answered 1 results for 2 keys"}));
  foreign.many.add_results();
  EXPECT_TRUE(get_many_blocking(*source, keys));
  foreign.many.add_results();
  EXPECT_EQ(get_many_blocking(*source, keys).error().code, Errc::internal);
}

TEST_F(ForeignSourceTest, AFailureOfOneKeyNeedsNoReason) {
  const auto fail_with = [this](grpc::StatusCode code) {
    v1::Failure& failure = *foreign.many.add_results()->mutable_failure();
    failure.set_code(code);
    failure.set_message("no luck");
  };
  fail_with(grpc::StatusCode::UNAVAILABLE);
  fail_with(grpc::StatusCode::NOT_FOUND);
  fail_with(grpc::StatusCode::RESOURCE_EXHAUSTED);
  fail_with(grpc::StatusCode::RESOURCE_EXHAUSTED);
  foreign.many.mutable_results(3)->mutable_failure()->set_retry_after_ms(1'500);
  const std::vector<KeyView> keys(4, kKey);
  const auto values = get_many_blocking(*source, keys);
  EXPECT_EQ(values->at(0).error(), (Error{Errc::unavailable, "source school: no luck"}));
  EXPECT_EQ(values->at(1).error().code, Errc::not_found);
  EXPECT_EQ(values->at(2).error().code, Errc::too_large);
  EXPECT_EQ(values->at(3).error(), (Error{Errc::overloaded, "source school: no luck", 1'500ms}));
}

TEST_F(ForeignSourceTest, AStatusMeansTheSameFromWhomeverItComes) {
  using Code = grpc::StatusCode;
  struct Meaning {
    Code status;
    Errc read, write;
  };
  for (const Meaning& m :
       {Meaning{Code::NOT_FOUND, Errc::not_found, Errc::not_found},
        Meaning{Code::INVALID_ARGUMENT, Errc::invalid_argument, Errc::invalid_argument},
        Meaning{Code::FAILED_PRECONDITION, Errc::unsupported, Errc::unsupported},
        Meaning{Code::UNIMPLEMENTED, Errc::unsupported, Errc::unsupported},
        Meaning{Code::ABORTED, Errc::unavailable, Errc::unavailable},
        Meaning{Code::UNAVAILABLE, Errc::unavailable, Errc::unknown},
        Meaning{Code::UNKNOWN, Errc::unavailable, Errc::unknown},
        Meaning{Code::INTERNAL, Errc::internal, Errc::unknown}}) {
    foreign.status = grpc::Status(m.status, "no luck");
    EXPECT_EQ(get_blocking(*source, kKey).error(), (Error{m.read, "source school: no luck"}));
    EXPECT_EQ(put_blocking(*source, kKey, {}).error(), (Error{m.write, "source school: no luck"}));
    EXPECT_EQ(erase_blocking(*source, kKey).error().code, m.write);
  }
}

TEST_F(RemoteSourceTest, ASwapIsDecidedByTheProgram) {
  store.set("k", {.bytes = Bytes::copy("old")});
  const auto swap = [&](const char* expected) {
    return compare_and_set_blocking(*source, kKey, {etag_of(expected), Bytes::copy(expected)},
                                    {.bytes = Bytes::copy("new")});
  };
  EXPECT_EQ(swap("other").error().code, Errc::precondition_failed);
  EXPECT_EQ(swap("old")->bytes.view(), "new");
}

TEST_F(RemoteSourceTest, ATouchAnswersTheRowWithItsTags) {
  store.set("k", {.bytes = Bytes::copy("v"), .tags = Bytes::copy("red,big")});
  const Time end = BootClock::now() + 60s;
  const auto touched = touch_blocking(*source, kKey, end);
  ASSERT_TRUE(touched) << touched.error().message;
  EXPECT_EQ(touched->tags.view(), "red,big");
  EXPECT_NEAR(static_cast<double>((touched->expires_at - end) / 1ms), 0, 1'000);
}

TEST_F(RemoteSourceTest, TagsOfAPutAreRefused) {
  const auto put =
      put_blocking(*source, kKey, {.bytes = Bytes::copy("v"), .tags = Bytes::copy("red")});
  EXPECT_EQ(put.error().code, Errc::unsupported);
  EXPECT_EQ(store.calls(), 0u);
}

}  // namespace
}  // namespace ringcache

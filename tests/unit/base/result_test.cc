// SPDX-License-Identifier: Apache-2.0
#include <ringcache/result.h>

#include <gtest/gtest.h>

namespace ringcache {
namespace {

TEST(ResultTest, EveryCodeSurvivesItsName) {
  for (auto code = Errc::not_found; code <= Errc::internal;
       code = static_cast<Errc>(static_cast<int>(code) + 1))
    EXPECT_EQ(errc_from_name(errc_name(code)), code);
}

TEST(ResultTest, AnUnknownNameIsInternal) { EXPECT_EQ(errc_from_name("nonsense"), Errc::internal); }

TEST(ResultTest, FailMakesAnyResult) {
  const Result<int> result = fail(Errc::overloaded, "later");
  EXPECT_EQ(result.error(), (Error{Errc::overloaded, "later"}));
}

}  // namespace
}  // namespace ringcache

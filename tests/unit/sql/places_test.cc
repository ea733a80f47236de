// SPDX-License-Identifier: Apache-2.0
#include "sql/places.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

std::vector<std::size_t> places(const SqlPlaces& of, std::string_view name) {
  std::vector<std::size_t> found;
  const bool any = of.each(name, [&](std::size_t place) { found.push_back(place); });
  EXPECT_EQ(any, !found.empty());
  return found;
}

TEST(PlacesTest, EachNameIsFoundWhereverItStands) {
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back("n" + std::to_string(i % 700));
  const SqlPlaces of(names);
  for (std::size_t i = 0; i < 300; ++i)
    EXPECT_EQ(places(of, names[i]), (std::vector<std::size_t>{i, i + 700}));
  for (std::size_t i = 300; i < 700; ++i)
    EXPECT_EQ(places(of, names[i]), (std::vector<std::size_t>{i}));
  EXPECT_TRUE(places(of, "n700").empty());
}

TEST(PlacesTest, OfNoNamesNoneIsFound) { EXPECT_TRUE(places(SqlPlaces({}), "").empty()); }

TEST(PlacesTest, TheEmptyNameIsAName) {
  const std::vector<std::string> names{"", "a"};
  EXPECT_EQ(places(SqlPlaces(names), ""), (std::vector<std::size_t>{0}));
}

}  // namespace
}  // namespace ringcache

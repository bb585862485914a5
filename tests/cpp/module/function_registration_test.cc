#include "module/function_registration.h"

#include <gtest/gtest.h>

#include <string>

namespace regear {
namespace {

using nlohmann::json;

FunctionRegistration Make(json changes) {
  json definition = {{"kind", "function"}, {"id", "0-1"},
                     {"number", 0},        {"reader", "KeysReader"},
                     {"mode", "async"},    {"prefix", "person:*"}};
  definition.update(changes);
  return {std::move(definition), "session"};
}

TEST(FunctionRegistrationTest, OnlyAnAsteriskAtTheEndIsAPattern) {
  const auto prefix = Make(json::object());
  EXPECT_TRUE(prefix.MatchesKey("person:"));
  EXPECT_TRUE(prefix.MatchesKey("person:1"));
  EXPECT_FALSE(prefix.MatchesKey("person"));
  EXPECT_FALSE(prefix.MatchesKey("other:person:1"));
  EXPECT_TRUE(Make({{"prefix", "*"}}).MatchesKey(""));
  const auto exact = Make({{"prefix", "a*b"}});
  EXPECT_TRUE(exact.MatchesKey("a*b"));
  EXPECT_FALSE(exact.MatchesKey("axb"));
  EXPECT_FALSE(exact.MatchesKey("a*bc"));
}

TEST(FunctionRegistrationTest, EventsCompareWithoutCase) {
  const auto some = Make({{"events", {"HSET", "del"}}});
  EXPECT_TRUE(some.WantsEvent("hset"));
  EXPECT_TRUE(some.WantsEvent("DEL"));
  EXPECT_FALSE(some.WantsEvent("hdel"));
  EXPECT_TRUE(Make(json::object()).WantsEvent("anything"));
  EXPECT_FALSE(Make({{"events", json::array()}}).WantsEvent("hset"));
  const auto stream = Make({{"reader", "StreamReader"}});
  EXPECT_TRUE(stream.WantsEvent("xadd"));
  EXPECT_FALSE(stream.WantsEvent("xtrim"));
  EXPECT_FALSE(Make({{"reader", "CommandReader"}}).WantsEvent("hset"));
}

TEST(FunctionRegistrationTest, IsReadAsItWasWritten) {
  const auto made = Make({{"mode", "sync"}, {"description", "d\xc3\xa9"}});
  const auto read = FunctionRegistration::Decode(made.Encode());
  EXPECT_EQ(read.id(), "0-1");
  EXPECT_EQ(read.session(), "session");
  EXPECT_TRUE(read.sync());
  EXPECT_EQ(read.definition(), made.definition());
}

TEST(FunctionRegistrationTest, WhatIsNoRegistration) {
  EXPECT_ANY_THROW(Make({{"reader", "OtherReader"}}));
  EXPECT_ANY_THROW(Make({{"events", 3}}));
  EXPECT_ANY_THROW(FunctionRegistration::Decode("{}"));
  EXPECT_ANY_THROW(FunctionRegistration::Decode("no JSON"));
}

TEST(FunctionStatsTest, CountsAreAddedAndTheLastErrorIsTheLast) {
  FunctionStats stats;
  stats.Add({{"triggered", 2}, {"failures", 1}, {"error", "no"}});
  EXPECT_EQ(stats.last_error, "no");
  stats.Add({{"triggered", 1}, {"success", 2}, {"total_ms", 5}});
  EXPECT_EQ(stats.triggered, 3);
  EXPECT_EQ(stats.success, 2);
  EXPECT_EQ(stats.failures, 1);
  EXPECT_EQ(stats.total_ms, 5);
  EXPECT_EQ(stats.last_error, "no");
  stats.Add({{"error", nullptr}});
  EXPECT_FALSE(stats.last_error);
}

}  // namespace
}  // namespace regear

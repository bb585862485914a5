// What the backlog stores beside its streams.
#include <gtest/gtest.h>

#include <string>

#include "module/dirty_keys.h"
#include "module/epochs.h"
#include "module/succession.h"

namespace regear {
namespace {

using nlohmann::json;

TEST(EpochsTest, AreReadAsTheyWereWritten) {
  Epochs epochs;
  epochs.Begin("a", {});
  epochs.Begin("b", {{"stream", {5, 1}}});
  const Epochs read = Epochs::Decode(json::parse(epochs.Encode().dump()));
  EXPECT_EQ(read.number(), 2U);
  EXPECT_EQ(read.id(), "b");
  EXPECT_EQ(read.all()[0].LastIdOf("stream"), StreamId{});
  EXPECT_EQ(read.HighestOf("stream"), (StreamId{5, 1}));
}

TEST(EpochsTest, KeepTheNewest) {
  Epochs epochs;
  for (size_t i = 0; i < Epochs::kMax + 3; ++i) epochs.Begin("x", {});
  EXPECT_EQ(epochs.all().size(), Epochs::kMax);
  EXPECT_EQ(epochs.all().front().number, 4U);
}

TEST(StreamIdTest, IsReadAsItIsWritten) {
  EXPECT_EQ(Text(ParseStreamId("5-7")), "5-7");
  EXPECT_EQ(Text(ParseStreamId("5")), "5-0");
  EXPECT_THROW(ParseStreamId("5-"), std::invalid_argument);
  EXPECT_THROW(ParseStreamId("x"), std::invalid_argument);
  EXPECT_EQ((StreamId{5, UINT64_MAX}.Next()), (StreamId{6, 0}));
}

TEST(DirtyKeyTest, KeepsBytes) {
  DirtyKey key;
  key.op = ChangeOp::kDelete;
  key.cleared = {std::string("\xff\x00z", 3)};
  key.acks = {"\xc3\xa9", ""};
  const DirtyKey read = DirtyKey::Decode(key.Encode());
  EXPECT_EQ(read.op, key.op);
  EXPECT_EQ(read.cleared, key.cleared);
  EXPECT_EQ(read.acks, key.acks);
}

TEST(DirtyKeyTest, RefusesWhatItDidNotWrite) {
  EXPECT_ANY_THROW(DirtyKey::Decode("1"));
  EXPECT_ANY_THROW(DirtyKey::Decode(R"({"o": "?"})"));
}

TEST(InheritTest, KeepsWhatBelongsToTheName) {
  const json old = {{"stream", "s"},
                    {"dead", "d"},
                    {"paused", true},
                    {"revision", 4},
                    {"fields", {"a"}}};
  json next = {{"stream", "other"}, {"fields", {"a", "b"}}};
  Inherit(&next, old, {7, 1});
  const json expected = {{"stream", "s"},
                         {"dead", "d"},
                         {"paused", true},
                         {"revision", 4},
                         {"fields", {"a", "b"}},
                         {"field_history", json::parse(R"([["7-1", ["a"]]])")}};
  EXPECT_EQ(next, expected);
}

TEST(InheritTest, AddsNoHistoryForTheSameFieldsOrAnEmptyStream) {
  json next = {{"stream", "s"}, {"fields", {"b", "a"}}};
  Inherit(&next, {{"stream", "s"}, {"fields", {"a", "b"}}}, {7, 1});
  EXPECT_EQ(next.at("field_history"), json::array());
  Inherit(&next, {{"stream", "s"}, {"fields", nullptr}}, {});
  EXPECT_EQ(next.at("field_history"), json::array());
}

}  // namespace
}  // namespace regear

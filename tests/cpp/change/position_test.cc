#include "change/position.h"

#include <gtest/gtest.h>

namespace regear {
namespace {

TEST(PositionTest, ParsesWhatItPrints) {
  for (const Position position :
       {Position{}, Position{1526919030474, 55}, Position{1, UINT64_MAX},
        Position{UINT64_MAX, UINT64_MAX}}) {
    EXPECT_EQ(Position::Parse(position.ToString()), position);
  }
}

TEST(PositionTest, RefusesAnythingElse) {
  for (const char* text : {"", "-", "1", "1-", "-1", "1-2-3", "1-x", " 1-2",
                           "18446744073709551616-0"}) {
    EXPECT_EQ(Position::Parse(text), std::nullopt) << text;
  }
}

TEST(PositionTest, OrdersByMillisecondThenSequence) {
  EXPECT_LT((Position{1, 9}), (Position{2, 0}));
  EXPECT_LT((Position{2, 0}), (Position{2, 1}));
}

TEST(PositionTest, NextIsTheLeastGreaterOne) {
  EXPECT_EQ((Position{1, 2}.Next()), (Position{1, 3}));
  EXPECT_EQ((Position{1, UINT64_MAX}.Next()), (Position{2, 0}));
}

}  // namespace
}  // namespace regear

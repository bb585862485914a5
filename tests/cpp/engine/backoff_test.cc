#include "engine/backoff.h"

#include <gtest/gtest.h>

namespace regear {
namespace {

using std::chrono::milliseconds;

TEST(BackoffTest, DoublesUpToTheLimitWithJitter) {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    Backoff backoff(milliseconds(1000), seed);
    for (const int step : {100, 200, 400, 800, 1000, 1000, 1000}) {
      const milliseconds wait = backoff.Next();
      EXPECT_LE(wait, milliseconds(step));
      EXPECT_GE(wait, milliseconds(step / 2));
    }
  }
}

TEST(BackoffTest, StartsAgainAfterASuccess) {
  Backoff backoff(milliseconds(5000), 1);
  for (int i = 0; i < 10; ++i) (void)backoff.Next();
  EXPECT_GT(backoff.Next(), milliseconds(2000));
  backoff.Reset();
  EXPECT_LE(backoff.Next(), milliseconds(100));
}

TEST(BackoffTest, AShortLimitHoldsFromTheStart) {
  Backoff backoff(milliseconds(20), 1);
  for (int i = 0; i < 5; ++i) {
    const milliseconds wait = backoff.Next();
    EXPECT_LE(wait, milliseconds(20));
    EXPECT_GE(wait, milliseconds(10));
  }
}

TEST(BackoffTest, ManyWorkersDoNotReturnTogether) {
  Backoff one(milliseconds(5000), 1), other(milliseconds(5000), 2);
  bool differ = false;
  for (int i = 0; i < 10; ++i) differ |= one.Next() != other.Next();
  EXPECT_TRUE(differ);
}

}  // namespace
}  // namespace regear

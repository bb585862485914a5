#include "engine/lease.h"

#include <gtest/gtest.h>

#include <chrono>

namespace regear {
namespace {

using std::chrono::hours;
using Clock = Lease::Clock;

TEST(LeaseTest, IsValidUntilItsTime) {
  EXPECT_TRUE(Lease(1, 1, "e", Clock::now() + hours(1)).valid());
  EXPECT_FALSE(Lease(1, 1, "e", Clock::now()).valid());
}

TEST(LeaseTest, CanBeExtendedWhileItLasts) {
  Lease lease(1, 1, "e", Clock::now() + hours(1));
  EXPECT_TRUE(lease.Extend(Clock::now() + hours(2)));
  EXPECT_TRUE(lease.valid());
}

// A worker may have stopped over it by then.
TEST(LeaseTest, OnceSeenToHaveEndedItStaysSo) {
  Lease lease(1, 1, "e", Clock::now());
  EXPECT_FALSE(lease.valid());
  EXPECT_FALSE(lease.Extend(Clock::now() + hours(1)));
  EXPECT_FALSE(lease.valid());
}

TEST(LeaseTest, LosingItIsFinal) {
  Lease lease(1, 1, "e", Clock::time_point::max());
  lease.Lose();
  EXPECT_FALSE(lease.valid());
  EXPECT_FALSE(lease.Extend(Clock::time_point::max()));
}

}  // namespace
}  // namespace regear

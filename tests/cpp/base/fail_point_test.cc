#include "base/fail_point.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace regear {
namespace {

// Each statement dies in a process of its own, which reads the environment.
class FailPointDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

void Pass(const char* chosen, int passes) {
  setenv("REGEAR_FAIL_POINT", chosen, 1);
  for (int pass = 0; pass < passes; ++pass) REGEAR_FAIL_POINT("here");
  std::_Exit(0);
}

TEST_F(FailPointDeathTest, KillsAtTheChosenPass) {
  const testing::KilledBySignal killed(SIGKILL);
  EXPECT_EXIT(Pass("here", 1), killed, "fail point here");
  EXPECT_EXIT(Pass("here:3", 3), killed, "fail point here");
}

TEST_F(FailPointDeathTest, LetsOthersPass) {
  const testing::ExitedWithCode left(0);
  EXPECT_EXIT(Pass("here:3", 2), left, "");
  EXPECT_EXIT(Pass("there", 5), left, "");
  EXPECT_EXIT(Pass("", 5), left, "");
}

}  // namespace
}  // namespace regear

#include "connectors/postgres/pg_watchdog.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace regear::postgres {
namespace {

class PgWatchdogTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets_.data()), 0);
  }
  void TearDown() override {
    for (const int socket : sockets_) close(socket);
  }
  // Whether a wait for an answer ends within `milliseconds`.
  bool Ends(int milliseconds) {
    pollfd waiting = {sockets_[0], POLLIN, 0};
    return poll(&waiting, 1, milliseconds) > 0;
  }

  std::array<int, 2> sockets_{};
};

TEST_F(PgWatchdogTest, EndsAWaitThatIsTooLong) {
  Watchdog watchdog(std::chrono::milliseconds(20));
  watchdog.Watch(sockets_[0]);
  EXPECT_TRUE(Ends(10'000));
}

TEST_F(PgWatchdogTest, LeavesAloneWhoDoesNotWait) {
  Watchdog watchdog(std::chrono::milliseconds(20));
  watchdog.Watch(sockets_[0]);
  watchdog.Done();
  EXPECT_FALSE(Ends(200));
}

}  // namespace
}  // namespace regear::postgres

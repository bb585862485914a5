#include "redis/connection.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "redis/redis_server.h"

namespace regear {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

const std::string kBinary("\0\r\n$5\xff*", 8);

TEST(ConnectionTest, ArgumentsAndRepliesAreAnyBytes) {
  RedisServer server;
  const auto connection = server.Connect();
  ASSERT_TRUE(connection->Call({"SET", kBinary, ""}).ok());
  ASSERT_TRUE(connection->Call({"APPEND", kBinary, kBinary}).ok());
  const auto reply = connection->Call({"GET", kBinary});
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->view().text(), kBinary);
  EXPECT_TRUE(connection->Call({"GET", "none"})->view().is_nil());
}

TEST(ConnectionTest, PipelinedRepliesComeInOrderErrorsIncluded) {
  RedisServer server;
  const auto connection = server.Connect();
  connection->Append({"SET", "a", "1"});
  connection->Append({"LPUSH", "a", "1"});
  connection->Append({"GET", "a"});
  ASSERT_TRUE(connection->Flush().ok());
  EXPECT_EQ(connection->ReadReply()->view().text(), "OK");
  EXPECT_TRUE(connection->ReadReply()->view().is_error());
  EXPECT_EQ(connection->ReadReply()->view().integer(), 1);
}

TEST(ConnectionTest, LargeValuesPassBothWays) {
  RedisServer server;
  const auto connection = server.Connect();
  const std::string large(8 * 1024 * 1024, 'x');
  ASSERT_TRUE(connection->Call({"SET", "large", large}).ok());
  const auto reply = connection->Call({"GET", "large"});
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->view().text(), large);
}

TEST(ConnectionTest, AuthenticatesAndNeverTellsThePassword) {
  RedisServer server({"--requirepass", "right"});
  ConnectionOptions options{.url = server.url()};
  const auto without = Connection::Open(options);
  ASSERT_TRUE(without.ok());
  const auto refused = (*without)->Call({"GET", "a"});
  EXPECT_EQ(refused.status().code(), StatusCode::kStop);
  EXPECT_FALSE(refused.status().hint().empty());

  options.url.password = "wrong-secret";
  const auto wrong = Connection::Open(options);
  EXPECT_EQ(wrong.status().code(), StatusCode::kStop);
  EXPECT_EQ(wrong.status().ToString().find("wrong-secret"), std::string::npos);

  options.url.password = "right";
  const auto right = Connection::Open(options);
  ASSERT_TRUE(right.ok()) << right.status().ToString();
  EXPECT_TRUE((*right)->Call({"GET", "a"}).ok());
  options.url.user = "default";
  EXPECT_TRUE(Connection::Open(options).ok());
}

TEST(ConnectionTest, NobodyThereIsReconnect) {
  ConnectionOptions options;
  options.url.path = "/nowhere/socket";
  EXPECT_EQ(Connection::Open(options).status().code(), StatusCode::kReconnect);
  options.url.host = "127.0.0.1";
  options.url.port = 1;
  EXPECT_EQ(Connection::Open(options).status().code(), StatusCode::kReconnect);
}

TEST(ConnectionTest, AKilledServerIsReconnect) {
  RedisServer server;
  const auto connection = server.Connect();
  server.Kill();
  EXPECT_EQ(connection->Call({"PING"}).status().code(), StatusCode::kReconnect);
  EXPECT_EQ(connection->Call({"PING"}).status().code(), StatusCode::kReconnect);
}

TEST(ConnectionTest, ASilentServerIsReconnectAfterTheTimeout) {
  RedisServer server;
  const auto connection = Connection::Open(
      {.url = server.url(), .reply_timeout = milliseconds(20)});
  ASSERT_TRUE(connection.ok());
  server.Freeze();
  EXPECT_EQ((*connection)->Call({"PING"}).status().code(),
            StatusCode::kReconnect);
  server.Thaw();
}

TEST(ConnectionTest, BlockingTimeIsAddedToTheTimeout) {
  RedisServer server;
  const auto connection = Connection::Open(
      {.url = server.url(), .reply_timeout = milliseconds(200)});
  ASSERT_TRUE(connection.ok());
  const auto reply =
      (*connection)->Call({"BLPOP", "none", "0.4"}, milliseconds(400));
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_TRUE(reply->view().is_nil());
}

TEST(ConnectionTest, CancellationEndsAWait) {
  RedisServer server;
  Cancellation cancellation;
  const auto connection =
      Connection::Open({.url = server.url(), .cancellation = &cancellation});
  ASSERT_TRUE(connection.ok());
  const auto started = steady_clock::now();
  std::thread canceller([&] { cancellation.Cancel(); });
  const auto reply =
      (*connection)->Call({"BLPOP", "none", "60"}, milliseconds(60'000));
  canceller.join();
  EXPECT_EQ(reply.status().code(), StatusCode::kCancelled);
  EXPECT_LT(steady_clock::now() - started, std::chrono::seconds(30));
  EXPECT_TRUE(cancellation.cancelled());
}

}  // namespace
}  // namespace regear

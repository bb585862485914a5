#include "redis/command_client.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <initializer_list>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "redis/redis_server.h"

namespace regear {
namespace {

using Words = std::initializer_list<std::string_view>;

Result<std::vector<Reply>> Call(CommandClient* client,
                                std::initializer_list<Words> commands) {
  std::string packed;
  for (const Words& words : commands) {
    AppendCommand(CommandArgs(words.begin(), words.size()), &packed);
  }
  return client->Call(packed, commands.size());
}

long long NumberOf(const Result<std::vector<Reply>>& replies) {
  return replies.ok() ? replies->at(0).view().integer() : -1;
}

TEST(CommandClientTest, RepliesComeInOrderErrorsAmongThem) {
  RedisServer server;
  CommandClient client({.url = server.url()});
  const auto replies =
      Call(&client, {{"SET", "a", "1"}, {"LPUSH", "a", "1"}, {"GET", "a"}});
  ASSERT_TRUE(replies.ok());
  ASSERT_EQ(replies->size(), 3U);
  EXPECT_EQ((*replies)[0].view().text(), "OK");
  EXPECT_TRUE((*replies)[1].view().is_error());
  EXPECT_EQ((*replies)[2].view().text(), "1");
}

TEST(CommandClientTest, OneAfterAnotherUseOneConnection) {
  RedisServer server;
  CommandClient client({.url = server.url()});
  const long long first = NumberOf(Call(&client, {{"CLIENT", "ID"}}));
  EXPECT_EQ(NumberOf(Call(&client, {{"CLIENT", "ID"}})), first);
}

TEST(CommandClientTest, AConnectionThatIsNotKeptIsUsedOnce) {
  RedisServer server;
  CommandClient client({.url = server.url()});
  std::string packed;
  AppendCommand(std::array<std::string_view, 2>{"CLIENT", "ID"}, &packed);
  const long long first = NumberOf(client.Call(packed, 1, /*keep=*/false));
  EXPECT_GT(NumberOf(client.Call(packed, 1)), first);
}

TEST(CommandClientTest, ManyThreadsGetTheirOwnReplies) {
  RedisServer server;
  CommandClient client({.url = server.url()});
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, own = std::to_string(thread)] {
      for (int i = 0; i < 200; ++i) {
        const auto replies = Call(&client, {{"ECHO", own}, {"ECHO", "x"}});
        wrong += !replies.ok() || (*replies)[0].view().text() != own;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(CommandClientTest, AServerThatCameBackIsConnectedAnew) {
  RedisServer server;
  CommandClient client({.url = server.url()});
  ASSERT_EQ(NumberOf(Call(&client, {{"INCR", "n"}})), 1);
  server.Kill();
  EXPECT_EQ(Call(&client, {{"INCR", "n"}}).status().code(),
            StatusCode::kReconnect);
  server.Start();
  EXPECT_EQ(NumberOf(Call(&client, {{"INCR", "n"}})), 2);
}

TEST(CommandClientTest, WhatMayHaveRunIsNotSentAgain) {
  RedisServer server;
  CommandClient client({.url = server.url()});
  // The server closes the connection behind the first command.
  const auto cut =
      Call(&client, {{"INCR", "n"},
                     {"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"},
                     {"INCR", "n"}});
  EXPECT_EQ(cut.status().code(), StatusCode::kReconnect);
  EXPECT_EQ(server.Run({"GET", "n"}).view().integer(), 1);
}

TEST(CommandClientTest, AForkedProcessHasItsOwnConnections) {
  RedisServer server;
  CommandClient client({.url = server.url()});
  const long long parent = NumberOf(Call(&client, {{"CLIENT", "ID"}}));
  const pid_t child = fork();
  if (child == 0) {
    const long long own = NumberOf(Call(&client, {{"CLIENT", "ID"}}));
    _exit(own > 0 && own != parent ? 0 : 1);
  }
  int outcome = -1;
  ASSERT_EQ(waitpid(child, &outcome, 0), child);
  EXPECT_EQ(outcome, 0);
  EXPECT_EQ(NumberOf(Call(&client, {{"CLIENT", "ID"}})), parent);
}

TEST(CommandClientTest, NoneStaysOpenOnceItIsClosed) {
  RedisServer server;
  CommandClient client({.url = server.url()});
  const long long first = NumberOf(Call(&client, {{"CLIENT", "ID"}}));
  client.Close();
  const long long second = NumberOf(Call(&client, {{"CLIENT", "ID"}}));
  EXPECT_GT(second, first);
  EXPECT_GT(NumberOf(Call(&client, {{"CLIENT", "ID"}})), second);
}

}  // namespace
}  // namespace regear

#include "engine/key_scan.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "redis/redis_server.h"

namespace regear {
namespace {

using Found = std::map<std::string, std::string>;  // type and number of values

Found Scan(const RedisServer& server, const std::string& pattern,
           const std::string& count) {
  Found found;
  auto scan = KeyScan::Open({.url = server.url()}, pattern, count);
  EXPECT_TRUE(scan.ok()) << scan.status().message();
  while (scan.ok()) {
    auto page = (*scan)->Next();
    EXPECT_TRUE(page.ok()) << page.status().message();
    if (!page.ok() || !*page) break;
    for (const ScannedKey& key : **page) {
      std::string value = key.type;
      if (key.value) {
        const ReplyView view = key.value->view();
        value += view.is_array() ? " " + std::to_string(view.size())
                                 : " " + std::string(view.text());
      }
      found.insert_or_assign(key.name, value);
    }
  }
  return found;
}

TEST(KeyScanTest, ReadsKeysOfAllTypes) {
  RedisServer server;
  const auto connection = server.Connect();
  const std::string binary("\0\xff", 2);
  ASSERT_TRUE(connection->Call({"SET", "k:string", "v"}).ok());
  ASSERT_TRUE(connection->Call({"SET", "k:" + binary, binary}).ok());
  ASSERT_TRUE(connection->Call({"HSET", "k:hash", "a", "1", "b", "2"}).ok());
  ASSERT_TRUE(connection->Call({"RPUSH", "k:list", "1", "2", "3"}).ok());
  ASSERT_TRUE(connection->Call({"SADD", "k:set", "1"}).ok());
  ASSERT_TRUE(connection->Call({"ZADD", "k:zset", "1", "a"}).ok());
  ASSERT_TRUE(connection->Call({"XADD", "k:stream", "*", "a", "1"}).ok());
  ASSERT_TRUE(connection->Call({"SET", "other", "v"}).ok());
  ASSERT_TRUE(connection->Call({"SET", "_regear:k", "v"}).ok());
  const Found expected = {
      {"k:string", "string v"}, {"k:" + binary, "string " + binary},
      {"k:hash", "hash 4"},     {"k:list", "list 3"},
      {"k:set", "set"},         {"k:zset", "zset"},
      {"k:stream", "stream"}};
  for (const char* count : {"1", "3", "1000"}) {
    EXPECT_EQ(Scan(server, "k:*", count), expected) << count;
  }
  EXPECT_EQ(Scan(server, "*", "10").size(), expected.size() + 1);
  EXPECT_TRUE(Scan(server, "none:*", "10").empty());
}

TEST(KeyScanTest, ReadsManyKeysOfMixedTypes) {
  RedisServer server;
  const auto connection = server.Connect();
  Found expected;
  for (int i = 0; i < 5000; ++i) {
    const std::string key = "k:" + std::to_string(i);
    const std::string text = std::to_string(i);
    if (i % 3 == 0) {
      connection->Append({"SET", key, text});
      expected[key] = "string " + text;
    } else {
      connection->Append({"HSET", key, "n", text});
      expected[key] = "hash 2";
    }
  }
  ASSERT_TRUE(connection->Flush().ok());
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(connection->ReadReply().ok());
  EXPECT_EQ(Scan(server, "k:*", "250"), expected);
}

TEST(KeyScanTest, WhatTheServerRefusesIsAnError) {
  RedisServer server;
  ASSERT_TRUE(server.Connect()->Call({"SET", "a", "1"}).ok());
  const auto scan = KeyScan::Open({.url = server.url()}, "*", "many");
  ASSERT_FALSE(scan.ok());
  EXPECT_NE(scan.status().message().find("not an integer"), std::string::npos);
}

}  // namespace
}  // namespace regear

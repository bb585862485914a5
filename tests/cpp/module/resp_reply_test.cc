#include "module/resp_reply.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace regear {
namespace {

using namespace std::string_view_literals;

std::string Nested(int depth) {
  std::string reply;
  for (int i = 0; i < depth; ++i) reply += "*1\r\n";
  return reply + ":1\r\n";
}

TEST(RespReplyTest, RepliesOfAllKindsAreWhole) {
  for (const std::string_view reply :
       {"+OK\r\n"sv, "-ERR no\r\n"sv, ":-12\r\n"sv, "$0\r\n\r\n"sv, "$-1\r\n"sv,
        "$4\r\na\r\nb\r\n"sv, "$2\r\n\0\xff\r\n"sv, "*0\r\n"sv,
        "*3\r\n:1\r\n*1\r\n$1\r\nx\r\n-E\r\n"sv}) {
    EXPECT_TRUE(IsWholeResp(reply)) << reply;
    // Neither is less of it, nor more.
    for (size_t size = 0; size < reply.size(); ++size) {
      EXPECT_FALSE(IsWholeResp(reply.substr(0, size))) << reply << size;
    }
    EXPECT_FALSE(IsWholeResp(std::string(reply) + "+")) << reply;
  }
}

TEST(RespReplyTest, WhatIsNoReply) {
  for (const std::string_view text :
       {"OK\r\n"sv, ":x\r\n"sv, ":1 \r\n"sv, "$-2\r\n"sv, "$3\r\nab\r\n"sv,
        "$1\r\nabc"sv, "*-1\r\n"sv, "*99999999999999999999\r\n"sv,
        "$9223372036854775807\r\n"sv, "*1000000000\r\n"sv}) {
    EXPECT_FALSE(IsWholeResp(text)) << text;
  }
}

TEST(RespReplyTest, NestingIsBounded) {
  EXPECT_TRUE(IsWholeResp(Nested(31)));
  EXPECT_FALSE(IsWholeResp(Nested(32)));
  EXPECT_FALSE(IsWholeResp(Nested(100'000)));
}

}  // namespace
}  // namespace regear

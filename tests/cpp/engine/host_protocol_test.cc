#include "engine/host_protocol.h"

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>

#include <string>
#include <string_view>

namespace regear {
namespace {

// A reply as it comes over the wire. Words are "text", :number or *count.
Reply Parse(std::string_view words) {
  std::string wire;
  while (!words.empty()) {
    const size_t space = std::min(words.find(' '), words.size());
    const std::string word(words.substr(0, space));
    words.remove_prefix(std::min(space + 1, words.size()));
    if (word[0] == '*' || word[0] == ':') {
      wire += word + "\r\n";
    } else {
      wire += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
    }
  }
  redisReader* reader = redisReaderCreate();
  redisReaderFeed(reader, wire.data(), wire.size());
  void* reply = nullptr;
  EXPECT_EQ(redisReaderGetReply(reader, &reply), REDIS_OK);
  redisReaderFree(reader);
  return Reply(RedisReplyPtr(static_cast<redisReply*>(reply)));
}

TEST(HostProtocolTest, ReadsAnAttachment) {
  const Reply reply = Parse(
      "*22 state attached fence :7 lease_ms :3000 node abc hashtag 06S epoch "
      ":2 epoch_id ff generation :9 args *4 Host none HostDir /x "
      "config *2 Key value later :1");
  const auto attachment = ParseAttachment(reply.view());
  ASSERT_TRUE(attachment.ok()) << attachment.status().ToString();
  EXPECT_TRUE(attachment->attached);
  EXPECT_EQ(attachment->fence, 7u);
  EXPECT_EQ(attachment->lease, std::chrono::milliseconds(3000));
  EXPECT_EQ(attachment->hashtag, "06S");
  EXPECT_EQ(attachment->epoch, 2u);
  EXPECT_EQ(attachment->epoch_id, "ff");
  EXPECT_EQ(attachment->generation, 9u);
  EXPECT_EQ(attachment->args, (TextPairs{{"Host", "none"}, {"HostDir", "/x"}}));
  EXPECT_EQ(attachment->config, (TextPairs{{"Key", "value"}}));
}

TEST(HostProtocolTest, ReadsAStandby) {
  const Reply reply = Parse("*2 state standby");
  const auto attachment = ParseAttachment(reply.view());
  ASSERT_TRUE(attachment.ok());
  EXPECT_FALSE(attachment->attached);
}

TEST(HostProtocolTest, AnIncompleteAttachmentIsAnError) {
  const Reply reply = Parse("*4 state attached fence :7");
  EXPECT_EQ(ParseAttachment(reply.view()).status().code(),
            StatusCode::kInvalid);
  EXPECT_FALSE(ParseAttachment(Parse("*0").view()).ok());
}

TEST(HostProtocolTest, ReadsJobs) {
  const Reply reply =
      Parse("*2 *4 :12 PYEXECUTE script UNBLOCKING *2 :13 REGISTRY");
  const auto jobs = ParseJobs(reply.view());
  ASSERT_TRUE(jobs.ok());
  ASSERT_EQ(jobs->size(), 2u);
  EXPECT_EQ(jobs->front().id, 12u);
  EXPECT_EQ(jobs->front().kind, "PYEXECUTE");
  EXPECT_EQ(jobs->front().arguments,
            (std::vector<std::string>{"script", "UNBLOCKING"}));
  EXPECT_EQ(jobs->back().kind, "REGISTRY");
}

TEST(HostProtocolTest, NoJobIsNoError) {
  const auto jobs = ParseJobs(Parse("*0").view());
  ASSERT_TRUE(jobs.ok());
  EXPECT_TRUE(jobs->empty());
  EXPECT_FALSE(ParseJobs(Parse("*1 *1 :12").view()).ok());
}

TEST(HostProtocolTest, ReadsTheRegistry) {
  const Reply reply = Parse("*3 :4 *2 {} {1} *1 *2 s1 blob");
  const auto contents = ParseRegistry(reply.view());
  ASSERT_TRUE(contents.ok());
  EXPECT_EQ(contents->generation, 4u);
  EXPECT_EQ(contents->registrations, (std::vector<std::string>{"{}", "{1}"}));
  EXPECT_EQ(contents->sessions, (TextPairs{{"s1", "blob"}}));
  EXPECT_FALSE(ParseRegistry(Parse("*1 :4").view()).ok());
}

}  // namespace
}  // namespace regear

#include "engine/through_journal.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace regear {
namespace {

ChangeBatch GroupOf(const std::string& key, const std::string& value) {
  ChangeBatch group;
  group.AddField(group.Own("name"), group.Own(value));
  group.AddCleared("city");
  Change change;
  change.position = {7, 1};
  change.real_key = group.Own(key);
  change.operation = Operation::kMerge;
  group.Add(change);
  return group;
}

TEST(ThroughJournalTest, AGroupComesBackWordByWord) {
  const auto journal =
      DecodeJournal(EncodeJournal("abc:7-1", GroupOf("users:1", "Ada")));
  ASSERT_TRUE(journal.ok());
  EXPECT_EQ(journal->token, "abc:7-1");
  EXPECT_EQ(journal->parts, 1U);
  const std::vector<std::string> words = {"7-1",  "users:1", "=",    "1",
                                          "city", "1",       "name", "Ada"};
  EXPECT_EQ(journal->words, words);
}

TEST(ThroughJournalTest, AnyBytesComeBackAndOnlyTextIsStored) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  for (const std::string& value : {bytes, std::string(), std::string("%")}) {
    const std::string text = EncodeJournal("t", GroupOf(bytes, value));
    for (const char c : text) {
      EXPECT_TRUE(c == '\n' || (c >= ' ' && c < '\x7f'));
    }
    const auto journal = DecodeJournal(text);
    ASSERT_TRUE(journal.ok());
    EXPECT_EQ(journal->words[1], bytes);
    EXPECT_EQ(journal->words.back(), value);
  }
}

TEST(ThroughJournalTest, NothingWasWritten) {
  const auto journal = DecodeJournal("");
  ASSERT_TRUE(journal.ok());
  EXPECT_TRUE(journal->token.empty());
  EXPECT_EQ(journal->parts, 0U);
}

TEST(ThroughJournalTest, WhatOthersWroteIsNoJournal) {
  EXPECT_EQ(DecodeJournal("t\n50%").status().code(), StatusCode::kStop);
  EXPECT_EQ(DecodeJournal("t\n%zz").status().code(), StatusCode::kStop);
}

}  // namespace
}  // namespace regear

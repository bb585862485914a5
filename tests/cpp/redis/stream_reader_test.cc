#include "redis/stream_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "redis/redis_server.h"

namespace regear {
namespace {

using std::chrono::milliseconds;

const std::string kStream = "_persons-stream-p-{06S}";

class StreamReaderTest : public testing::Test {
 protected:
  // XADD with the given id and pairs, as the module would.
  void AddEntry(const std::string& id, std::vector<std::string_view> pairs) {
    std::vector<std::string_view> args = {"XADD", kStream, id};
    args.insert(args.end(), pairs.begin(), pairs.end());
    const auto reply = connection_->Call(args);
    ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  }
  // A change of one field; `unit` marks it as part of the unit before.
  void AddChange(int id, bool unit = false) {
    const std::string id_text = std::to_string(id) + "-0";
    const std::string key = "p:" + std::to_string(id);
    if (unit) {
      AddEntry(id_text, {"_original_key", key, "_event", "hset", "#", "=",
                         "_unit", "+", "a", id_text});
    } else {
      AddEntry(id_text, {"_original_key", key, "_event", "hset", "#", "=", "a",
                         id_text});
    }
  }
  Result<ChangeBatch> TryRead(size_t count) {
    return reader_.Read(connection_.get(), {count, milliseconds(0)});
  }
  ChangeBatch Read(size_t count) {
    auto batch = TryRead(count);
    EXPECT_TRUE(batch.ok()) << batch.status().ToString();
    return batch.ok() ? *std::move(batch) : ChangeBatch();
  }
  // The millisecond parts of the ids, such as "1 2 3".
  std::string Ids(const ChangeBatch& batch) {
    std::string ids;
    for (const Change& change : batch.changes()) {
      ids += (ids.empty() ? "" : " ") + std::to_string(change.position.major);
      EXPECT_EQ(change.key, "p:" + std::to_string(change.position.major));
      EXPECT_EQ(batch.Fields(change)[0].value, change.position.ToString());
    }
    return ids;
  }

  RedisServer server_;
  std::unique_ptr<Connection> connection_ = server_.Connect();
  StreamReader reader_{kStream};
};

TEST_F(StreamReaderTest, DecodesAllPartsOfAnEntry) {
  AddEntry("5-1",
           {"_original_key", "p:1", "_event", "hdel", "#", "=", "_uuid", "u-1",
            "_unit", "+", "_clear", "x", "_clear", "y", "a", "1", "b", "2"});
  const ChangeBatch batch = Read(10);
  ASSERT_EQ(batch.size(), 1u);
  const Change& change = batch[0];
  EXPECT_EQ(change.position, (Position{5, 1}));
  EXPECT_EQ(change.key, "p:1");
  EXPECT_EQ(change.event, "hdel");
  EXPECT_EQ(change.operation, Operation::kMerge);
  EXPECT_EQ(change.ack, "u-1");
  EXPECT_TRUE(change.continues_unit);
  ASSERT_EQ(batch.Cleared(change).size(), 2u);
  EXPECT_EQ(batch.Cleared(change)[1], "y");
  ASSERT_EQ(batch.Fields(change).size(), 2u);
  EXPECT_EQ(batch.Fields(change)[1].field, "b");
  EXPECT_EQ(batch.Fields(change)[1].value, "2");
}

TEST_F(StreamReaderTest, DecodesDeletesReplacesAndAbsentParts) {
  AddEntry("1-0", {"_original_key", "p:1", "_event", "del", "#", "~"});
  AddEntry("2-0",
           {"_original_key", "p:2", "_event", "restore", "#", "!", "a", "1"});
  const ChangeBatch batch = Read(10);
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(batch[0].operation, Operation::kDelete);
  EXPECT_TRUE(batch.Fields(batch[0]).empty());
  EXPECT_TRUE(batch[0].ack.empty());
  EXPECT_FALSE(batch[0].continues_unit);
  EXPECT_EQ(batch[1].operation, Operation::kReplace);
}

TEST_F(StreamReaderTest, BytesAndEmptyValuesPassUnchanged) {
  const std::string binary("\0\r\n\xff", 4);
  AddEntry("1-0", {"_original_key", binary, "_event", "hset", "#", "=", binary,
                   binary, "empty", ""});
  const ChangeBatch batch = Read(10);
  ASSERT_EQ(batch.size(), 1u);
  EXPECT_EQ(batch[0].key, binary);
  EXPECT_EQ(batch.Fields(batch[0])[0].field, binary);
  EXPECT_EQ(batch.Fields(batch[0])[0].value, binary);
  EXPECT_EQ(batch.Fields(batch[0])[1].value, "");
  EXPECT_NE(batch.Fields(batch[0])[1].value.data(), nullptr);
}

TEST_F(StreamReaderTest, MetaNamesAreOnlyMetaInFront) {
  AddEntry("1-0", {"_original_key", "p:1", "_event", "hset", "#", "=", "a", "1",
                   "_clear", "2", "_unit", "+", "_uuid", "3", "#", "4"});
  const ChangeBatch batch = Read(10);
  ASSERT_EQ(batch.size(), 1u);
  EXPECT_EQ(batch.Fields(batch[0]).size(), 5u);
  EXPECT_TRUE(batch.Cleared(batch[0]).empty());
  EXPECT_FALSE(batch[0].continues_unit);
  EXPECT_TRUE(batch[0].ack.empty());
}

TEST_F(StreamReaderTest, FieldNamesMayDifferFromEntryToEntry) {
  const auto add = [&](const char* id, std::vector<std::string_view> fields) {
    std::vector<std::string_view> pairs = {"_original_key", "k", "_event",
                                           "hset",          "#", "="};
    pairs.insert(pairs.end(), fields.begin(), fields.end());
    AddEntry(id, pairs);
  };
  add("1-0", {"a", "1", "b", "2"});
  add("2-0", {"b", "3"});
  add("3-0", {"", "4", "b", "5"});
  add("4-0", {"a", "6", "b", "7", "c", "8"});
  const ChangeBatch batch = Read(10);
  std::string shown;
  for (const Change& change : batch.changes()) {
    for (const FieldValue& pair : batch.Fields(change)) {
      shown += std::string(pair.field) + std::string(pair.value) + " ";
    }
  }
  EXPECT_EQ(shown, "a1 b2 b3 4 b5 a6 b7 c8 ");
}

TEST_F(StreamReaderTest, ReadsInOrderAndContinuesBehindTheLast) {
  for (int i = 1; i <= 5; ++i) AddChange(i);
  EXPECT_EQ(Ids(Read(2)), "1 2");
  EXPECT_EQ(Ids(Read(2)), "3 4");
  EXPECT_EQ(Ids(Read(2)), "5");
  EXPECT_TRUE(Read(2).empty());
  AddChange(6);
  EXPECT_EQ(Ids(Read(2)), "6");
}

TEST_F(StreamReaderTest, SeekStartsBehindAPosition) {
  for (int i = 1; i <= 5; ++i) AddChange(i);
  EXPECT_EQ(Ids(Read(2)), "1 2");
  reader_.Seek({3, 0});
  EXPECT_EQ(Ids(Read(10)), "4 5");
}

TEST_F(StreamReaderTest, ABatchNeverEndsInsideAUnit) {
  AddChange(1);
  AddChange(2);
  for (int i = 3; i <= 9; ++i) AddChange(i, true);  // one unit: 2 … 9
  AddChange(10);
  AddChange(11, true);
  EXPECT_EQ(Ids(Read(2)), "1 2 3 4 5 6 7 8 9");
  EXPECT_EQ(Ids(Read(2)), "10 11");
  EXPECT_TRUE(Read(2).empty());
}

TEST_F(StreamReaderTest, AUnitThatEndsTheStreamIsComplete) {
  AddChange(1);
  AddChange(2, true);
  AddChange(3, true);
  AddChange(4, true);
  EXPECT_EQ(Ids(Read(2)), "1 2 3 4");
  EXPECT_TRUE(Read(2).empty());
}

TEST_F(StreamReaderTest, AnyCountGivesAllChangesInWholeUnits) {
  for (int i = 1; i <= 60; ++i) AddChange(i, i % 7 != 0 && i % 3 != 0);
  for (size_t count = 1; count <= 61; ++count) {
    reader_.Seek({});
    std::string all;
    while (true) {
      const ChangeBatch batch = Read(count);
      if (batch.empty()) break;
      // The very first entry continues a unit that was trimmed before.
      EXPECT_TRUE(all.empty() || !batch[0].continues_unit);
      all += Ids(batch) + " ";
    }
    EXPECT_EQ(std::count(all.begin(), all.end(), ' '), 60) << "count " << count;
  }
}

TEST_F(StreamReaderTest, ManyEntriesAcrossParserBuffers) {
  const std::string value(3000, 'v');
  for (int i = 1; i <= 500; ++i) {
    connection_->Append({"XADD", kStream, std::to_string(i) + "-0",
                         "_original_key", "p:1", "_event", "hset", "#", "=",
                         "a", value, "b", std::to_string(i)});
  }
  ASSERT_TRUE(connection_->Flush().ok());
  for (int i = 1; i <= 500; ++i) ASSERT_TRUE(connection_->ReadReply().ok());
  const ChangeBatch batch = Read(1000);
  ASSERT_EQ(batch.size(), 500u);
  for (const Change& change : batch.changes()) {
    ASSERT_EQ(batch.Fields(change)[0].value, value);
    ASSERT_EQ(batch.Fields(change)[1].value,
              std::to_string(change.position.major));
  }
}

TEST_F(StreamReaderTest, AForeignEntryStopsWithItsIdAndARemedy) {
  AddChange(1);
  AddEntry("2-0", {"hello", "world"});
  AddChange(3);
  EXPECT_EQ(Ids(Read(10)), "1");
  for (int i = 0; i < 2; ++i) {
    const auto batch = TryRead(10);
    EXPECT_EQ(batch.status().code(), StatusCode::kStop);
    EXPECT_NE(batch.status().message().find("2-0"), std::string::npos);
    EXPECT_NE(batch.status().hint().find("XDEL"), std::string::npos);
  }
  server_.Run({"XDEL", kStream, "2-0"});
  EXPECT_EQ(Ids(Read(10)), "3");
}

TEST_F(StreamReaderTest, AForeignEntryBehindAFullReadIsNotSkippedEither) {
  AddChange(1);
  AddChange(2);
  AddEntry("3-0", {"_original_key", "p:3", "_event", "hset", "#", "?"});
  EXPECT_EQ(Ids(Read(2)), "1 2");
  EXPECT_EQ(TryRead(2).status().code(), StatusCode::kStop);
}

TEST_F(StreamReaderTest, AnErrorReplyIsAStatus) {
  server_.Run({"SET", kStream, "text"});
  EXPECT_EQ(TryRead(10).status().code(), StatusCode::kStop);
}

TEST_F(StreamReaderTest, ALostConnectionLosesNothing) {
  for (int i = 1; i <= 5; ++i) AddChange(i);
  EXPECT_EQ(Ids(Read(2)), "1 2");
  server_.Kill();
  EXPECT_EQ(TryRead(2).status().code(), StatusCode::kReconnect);
  server_.Start();
  connection_ = server_.Connect();
  EXPECT_EQ(Ids(Read(2)), "3 4");
  EXPECT_EQ(Ids(Read(2)), "5");
}

TEST_F(StreamReaderTest, ABlockedReadReturnsWithTheFirstChange) {
  const auto empty = reader_.Read(connection_.get(), {10, milliseconds(1)});
  ASSERT_TRUE(empty.ok());
  EXPECT_TRUE(empty->empty());
  connection_->Append({"XADD", kStream, "7-0", "_original_key", "p:7", "_event",
                       "hset", "#", "=", "a", "7-0"});
  ASSERT_TRUE(connection_->Flush().ok());
  ASSERT_TRUE(connection_->ReadReply().ok());
  const auto batch =
      reader_.Read(connection_.get(), {10, milliseconds(60'000)});
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(Ids(*batch), "7");
}

// After a failover a reader met the new master under the old one's lease, and
// the checkpoint named the wrong life of the data set.
TEST_F(StreamReaderTest, WhatIsReadWithoutConfirmationIsDropped) {
  AddChange(1);
  StreamReader confirmed(kStream, {"GET", kStream});  // WRONGTYPE
  const auto refused = confirmed.Read(connection_.get(), {10, milliseconds(0)});
  EXPECT_FALSE(refused.ok());
  ASSERT_TRUE(connection_->Call({"DEL", kStream}).ok());
  AddChange(1);
  StreamReader fine(kStream, {"PING"});
  const auto read = fine.Read(connection_.get(), {10, milliseconds(0)});
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(Ids(*read), "1");
  const auto blocked = fine.Read(connection_.get(), {10, milliseconds(10)});
  ASSERT_TRUE(blocked.ok());
  EXPECT_TRUE(blocked->empty());
}

TEST_F(StreamReaderTest, AReadThatWasNotConfirmedIsRepeated) {
  AddChange(1);
  StreamReader reader(kStream, {"INCR", "counter"});
  ASSERT_TRUE(connection_->Call({"SET", "counter", "text"}).ok());
  EXPECT_FALSE(reader.Read(connection_.get(), {10, milliseconds(0)}).ok());
  ASSERT_TRUE(connection_->Call({"SET", "counter", "1"}).ok());
  const auto read = reader.Read(connection_.get(), {10, milliseconds(0)});
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(Ids(*read), "1");
}

}  // namespace
}  // namespace regear

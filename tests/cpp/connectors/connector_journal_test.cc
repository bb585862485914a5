// How every SQL connector keeps a checkpoint that has a journal, for clients
// who wait: some do it in one statement with the rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "connectors/test_database.h"

namespace regear::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class ConnectorJournalTest : public ConnectorTest {
 protected:
  void SetUp() override {
    ConnectorTest::SetUp();
    if (database == nullptr) return;
    database->Run(
        "CREATE TABLE people (id varchar(50) PRIMARY KEY, age integer,"
        " city varchar(50) NOT NULL DEFAULT 'x')");
    columns = {"age", "city"};
    connector = Opened();
  }

  std::unique_ptr<Connector> Opened() {
    TableTarget target{"people", {"id"}, "regear_journal", kStream};
    target.journal = true;
    auto opened = database->MakeConnector(target, columns);
    REGEAR_EXPECT_OK(opened->Open());
    EXPECT_TRUE(opened->LoadCheckpoint().ok());
    return opened;
  }

  static Checkpoint At(uint64_t n) {
    Checkpoint checkpoint = CheckpointAt(n);
    checkpoint.journal = "group " + std::to_string(n) + "\n5-0 a%20b = 0 0";
    return checkpoint;
  }

  Checkpoint Loaded() {
    const auto loaded = Opened()->LoadCheckpoint();
    EXPECT_TRUE(loaded.ok() && *loaded);
    return loaded.ok() ? loaded->value_or(Checkpoint()) : Checkpoint();
  }

  Status Put(const BatchBuilder& batch, uint64_t n) {
    return connector->Write(batch.batch(), At(n)).status;
  }
};

REGEAR_ON_ALL_BACKENDS(ConnectorJournalTest);

TEST_P(ConnectorJournalTest, IsStoredWithTheRows) {
  for (uint64_t n = 1; n <= 3; ++n) {
    REGEAR_EXPECT_OK(Put(
        Batch().Merge("1", {{"age", std::to_string(n)}, {"city", "a"}}), n));
    EXPECT_EQ(Loaded(), At(n));
  }
  EXPECT_THAT(People(), ElementsAre("1|3|a"));
}

TEST_P(ConnectorJournalTest, MegabytesFit) {
  Checkpoint large = At(1);
  large.journal = std::string(3 << 20, 'j');
  REGEAR_EXPECT_OK(connector->Write(Batch().batch(), large).status);
  EXPECT_EQ(Loaded(), large);
}

TEST_P(ConnectorJournalTest, PartialWritesAndDeletesAreOneTransactionToo) {
  REGEAR_EXPECT_OK(Put(Batch()
                           .Merge("1", {{"age", "1"}, {"city", "a"}})
                           .Merge("2", {{"age", "2"}, {"city", "b"}}),
                       1));
  REGEAR_EXPECT_OK(Put(Batch().Merge("1", {{"age", "7"}}).Delete("2"), 2));
  EXPECT_THAT(People(), ElementsAre("1|7|a"));
  EXPECT_EQ(Loaded(), At(2));
}

TEST_P(ConnectorJournalTest, NothingIsWrittenOnceAnotherHostHasMovedIt) {
  REGEAR_EXPECT_OK(Put(Batch().Merge("1", {{"age", "1"}, {"city", "a"}}), 1));
  const auto other = Opened();
  REGEAR_EXPECT_OK(other->Write(Batch().batch(), At(5)).status);
  EXPECT_EQ(Put(Batch().Merge("1", {{"age", "2"}, {"city", "b"}}), 2).code(),
            StatusCode::kFenced);
  EXPECT_THAT(People(), ElementsAre("1|1|a"));
  EXPECT_EQ(Loaded(), At(5));
}

TEST_P(ConnectorJournalTest, StaysWhereItIsWhenARowIsRefused) {
  REGEAR_EXPECT_OK(Put(Batch().Merge("1", {{"age", "1"}, {"city", "a"}}), 1));
  const BatchBuilder batch =
      std::move(Batch()
                    .Merge("1", {{"age", "2"}, {"city", "b"}})
                    .Merge("2", {{"age", "no number"}, {"city", "c"}}));
  const WriteReport report = connector->Write(batch.batch(), At(2));
  EXPECT_EQ(report.status.code(), StatusCode::kReject);
  ASSERT_THAT(report.refused, SizeIs(1));
  EXPECT_EQ(report.refused[0].row, 1U);
  EXPECT_THAT(People(), ElementsAre("1|1|a"));
  EXPECT_EQ(Loaded(), At(1));
}

}  // namespace
}  // namespace regear::testing

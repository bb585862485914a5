// How every SQL connector keeps the checkpoint.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/test_database.h"

namespace regear::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ConnectorCheckpointTest : public ConnectorTest {
 protected:
  void SetUp() override {
    ConnectorTest::SetUp();
    if (database == nullptr) return;
    database->Run("CREATE TABLE people (id text PRIMARY KEY, age integer)");
    Open({"age"});
  }

  std::vector<std::string> Stored() {
    return database->Query("SELECT id, val FROM regear_checkpoint");
  }
};

REGEAR_ON_ALL_BACKENDS(ConnectorCheckpointTest);

TEST_P(ConnectorCheckpointTest, IsNothingBeforeTheFirstBatch) {
  const auto loaded = connector->LoadCheckpoint();
  ASSERT_TRUE(loaded.ok());
  EXPECT_FALSE(loaded->has_value());
  EXPECT_TRUE(connector->keeps_checkpoint());
}

TEST_P(ConnectorCheckpointTest, MovesWithEachBatch) {
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "1"}})).status);
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "2"}})).status);
  const auto loaded = connector->LoadCheckpoint();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(*loaded, CheckpointAt(2));
  EXPECT_THAT(Stored(), ElementsAre(std::string(kStream) + "|" +
                                    CheckpointAt(2).Encode()));
}

TEST_P(ConnectorCheckpointTest, MovesWithAnEmptyBatch) {
  REGEAR_EXPECT_OK(Write(Batch()).status);
  const auto loaded = connector->LoadCheckpoint();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(*loaded, CheckpointAt(1));
}

TEST_P(ConnectorCheckpointTest, SurvivesANewConnector) {
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "1"}})).status);
  Open({"age"});
  const auto loaded = connector->LoadCheckpoint();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(*loaded, CheckpointAt(1));
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "2"}})).status);
  EXPECT_THAT(People(), ElementsAre("1|2"));
}

TEST_P(ConnectorCheckpointTest, FencesTheHostWhoseCheckpointWasMoved) {
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "1"}})).status);
  const auto newer = MakeConnector({"age"});
  REGEAR_EXPECT_OK(newer->Open());
  ASSERT_TRUE(newer->LoadCheckpoint().ok());
  REGEAR_EXPECT_OK(
      newer->Write(Batch().Merge("1", {{"age", "7"}}).batch(), CheckpointAt(50))
          .status);
  const WriteReport report = Write(Batch().Merge("1", {{"age", "2"}}));
  EXPECT_EQ(report.status.code(), StatusCode::kFenced);
  EXPECT_THAT(People(), ElementsAre("1|7"));
}

TEST_P(ConnectorCheckpointTest, FencesTheSecondToWriteTheFirstBatch) {
  const auto second = MakeConnector({"age"});
  REGEAR_EXPECT_OK(second->Open());
  ASSERT_TRUE(second->LoadCheckpoint().ok());
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "1"}})).status);
  const WriteReport report = second->Write(
      Batch().Merge("1", {{"age", "2"}}).batch(), CheckpointAt(9));
  EXPECT_EQ(report.status.code(), StatusCode::kFenced);
  EXPECT_THAT(People(), ElementsAre("1|1"));
}

TEST_P(ConnectorCheckpointTest, FencesBeforeItLooksAtTheRows) {
  database->Run("INSERT INTO regear_checkpoint VALUES ('" +
                std::string(kStream) + "', '1:aa:5-0:9')");
  const WriteReport report = Write(Batch().Merge("1", {{"age", "none"}}));
  EXPECT_EQ(report.status.code(), StatusCode::kFenced);
  EXPECT_THAT(report.refused, IsEmpty());
}

TEST_P(ConnectorCheckpointTest, LoadingTheMovedCheckpointLiftsTheFence) {
  database->Run("INSERT INTO regear_checkpoint VALUES ('" +
                std::string(kStream) + "', '1:aa:5-0:9')");
  ASSERT_EQ(Write(Batch()).status.code(), StatusCode::kFenced);
  ASSERT_TRUE(connector->LoadCheckpoint().ok());
  REGEAR_EXPECT_OK(Write(Batch()).status);
}

TEST_P(ConnectorCheckpointTest, StaysWhereItIsWhenRowsAreRefused) {
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "1"}})).status);
  ASSERT_EQ(Write(Batch().Merge("1", {{"age", "none"}})).status.code(),
            StatusCode::kReject);
  const auto loaded = connector->LoadCheckpoint();
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(*loaded, CheckpointAt(1));
}

TEST_P(ConnectorCheckpointTest, RefusesAForeignValue) {
  database->Run("INSERT INTO regear_checkpoint VALUES ('" +
                std::string(kStream) + "', 'somebody else')");
  const auto loaded = connector->LoadCheckpoint();
  EXPECT_EQ(loaded.status().code(), StatusCode::kStop);
  EXPECT_THAT(loaded.status().message(), HasSubstr("somebody else"));
}

TEST_P(ConnectorCheckpointTest, SharesItsTableWithOtherStreams) {
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "1"}})).status);
  TableTarget target{"people", {"id"}, "regear_checkpoint", "another"};
  const auto other = database->MakeConnector(target, {"age"});
  REGEAR_EXPECT_OK(other->Open());
  REGEAR_EXPECT_OK(other->Write(Batch().batch(), CheckpointAt(3)).status);
  EXPECT_EQ(Stored().size(), 2u);
}

TEST_P(ConnectorCheckpointTest, LivesInTheNamedTable) {
  TableTarget target{"people", {"id"}, "My Checkpoints", kStream};
  const auto other = database->MakeConnector(target, {"age"});
  REGEAR_EXPECT_OK(other->Open());
  REGEAR_EXPECT_OK(other->Open());
  REGEAR_EXPECT_OK(other->Write(Batch().batch(), CheckpointAt(3)).status);
  EXPECT_EQ(database->Query("SELECT val FROM \"My Checkpoints\"").size(), 1u);
}

TEST_P(ConnectorCheckpointTest, IsNotKeptWithoutATable) {
  database->Run("DROP TABLE regear_checkpoint");
  TableTarget target{"people", {"id"}, "", kStream};
  connector = database->MakeConnector(target, {"age"});
  REGEAR_EXPECT_OK(connector->Open());
  EXPECT_FALSE(connector->keeps_checkpoint());
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "1"}})).status);
  const auto loaded = connector->LoadCheckpoint();
  ASSERT_TRUE(loaded.ok());
  EXPECT_FALSE(loaded->has_value());
  EXPECT_THAT(People(), ElementsAre("1|1"));
}

TEST_P(ConnectorCheckpointTest, StopsWhenItsTableIsDropped) {
  database->Run("DROP TABLE regear_checkpoint");
  const Status status = Write(Batch().Merge("1", {{"age", "1"}})).status;
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_THAT(status.message(), HasSubstr("regear_checkpoint"));
  EXPECT_THAT(status.hint(), HasSubstr("CREATE TABLE"));
  EXPECT_THAT(People(), IsEmpty());
}

}  // namespace
}  // namespace regear::testing

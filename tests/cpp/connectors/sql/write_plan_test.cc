#include "connectors/sql/write_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/batch_builder.h"

namespace regear::sql {
namespace {

using regear::testing::BatchBuilder;
using ::testing::ElementsAre;

std::vector<WriteWave> Plan(const BatchBuilder& builder) {
  const FoldedBatch& batch = builder.batch();
  std::vector<size_t> rows;
  std::vector<std::string_view> keys;
  for (size_t i = 0; i < batch.size(); ++i) {
    rows.push_back(i);
    keys.push_back(batch.row(i).id);
  }
  return PlanWrites(batch, rows, keys);
}

TEST(WritePlanTest, UpsertsGoBeforeDeletes) {
  BatchBuilder batch({"a"});
  batch.Delete("1").Merge("2", {{"a", "x"}}).Delete("3").Merge("4", {});
  const auto waves = Plan(batch);
  ASSERT_EQ(waves.size(), 1u);
  EXPECT_THAT(waves[0].deletes, ElementsAre(0, 2));
  EXPECT_THAT(WriteOrder(waves), ElementsAre(1, 3, 0, 2));
}

TEST(WritePlanTest, RowsOfOneKeyKeepTheirOrder) {
  BatchBuilder batch({"a"});
  batch.Delete("1").Merge("1", {}).Merge("2", {}).Delete("1");
  EXPECT_THAT(WriteOrder(Plan(batch)), ElementsAre(2, 0, 1, 3));
}

TEST(WritePlanTest, AnEmptyBatchWritesNothing) {
  EXPECT_THAT(WriteOrder(Plan(BatchBuilder({"a"}))), ElementsAre());
}

}  // namespace
}  // namespace regear::sql

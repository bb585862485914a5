#include "connectors/sql/row_shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/batch_builder.h"

namespace regear::sql {
namespace {

using regear::testing::BatchBuilder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

ColumnSchema Column(const std::string& name, bool not_null,
                    const std::string& default_expression = {}) {
  ColumnSchema column;
  column.name = name;
  column.not_null = not_null;
  column.default_expression = default_expression;
  return column;
}

TargetTable Table() {
  TargetTable table;
  table.columns = {Column("a", false), Column("b", true),
                   Column("c", true, "1")};
  return table;
}

RowShape ShapeOf(const BatchBuilder& batch) {
  return RowShape(batch.batch().cells(0));
}

BatchBuilder Builder() { return BatchBuilder({"a", "b", "c"}); }

TEST(RowShapeTest, TellsWhichColumnsAreWritten) {
  BatchBuilder batch = Builder();
  batch.Merge("1", {{"c", "x"}}, {"a"});
  const RowShape shape = ShapeOf(batch);
  EXPECT_THAT(shape.Written(), ElementsAre(0, 2));
  EXPECT_THAT(shape.Values(), ElementsAre(2));
  EXPECT_TRUE(shape.partial());
}

TEST(RowShapeTest, GroupsRowsKeepingTheirOrder) {
  BatchBuilder batch = Builder();
  batch.Merge("1", {{"a", "x"}})
      .Merge("2", {{"b", "x"}})
      .Merge("3", {{"a", "y"}})
      .Merge("4", {}, {"a"});
  const std::vector<size_t> rows = {0, 1, 2, 3};
  const auto groups = GroupByShape(batch.batch(), rows);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_THAT(groups[0].rows, ElementsAre(0, 2));
  EXPECT_THAT(groups[1].rows, ElementsAre(1));
  EXPECT_THAT(groups[2].rows, ElementsAre(3));
}

TEST(RowShapeTest, WholeRowsAreUpserted) {
  BatchBuilder batch = Builder();
  batch.Replace("1", {{"a", "x"}});
  EXPECT_EQ(RuleFor(ShapeOf(batch), Table()), WriteRule::kUpsert);
}

TEST(RowShapeTest, PartialRowsAreUpdatedFirst) {
  BatchBuilder batch = Builder();
  batch.Merge("1", {{"b", "x"}});
  EXPECT_EQ(RuleFor(ShapeOf(batch), Table()), WriteRule::kUpdateThenInsert);
}

TEST(RowShapeTest, RowsThatLackARequiredColumnAreOnlyUpdated) {
  BatchBuilder batch = Builder();
  batch.Merge("1", {{"a", "x"}});
  const RowShape shape = ShapeOf(batch);
  EXPECT_EQ(RuleFor(shape, Table()), WriteRule::kUpdateOnly);
  EXPECT_THAT(MissingRequired(shape, Table()), ElementsAre("b"));
}

TEST(RowShapeTest, GeneratedAndIdentityColumnsAreNeverRequired) {
  ColumnSchema column = Column("n", true);
  EXPECT_TRUE(column.required());
  column.identity = true;
  EXPECT_FALSE(column.required());
  column.identity = false;
  column.generated = true;
  EXPECT_FALSE(column.required());
}

TEST(RowShapeTest, DefaultIsNullWhereThereIsNone) {
  EXPECT_EQ(DefaultOf(Column("a", false)), "NULL");
  EXPECT_EQ(DefaultOf(Column("a", false, "1 + 1")), "(1 + 1)");
}

TEST(RowShapeTest, NoRowsAreNoGroups) {
  EXPECT_THAT(GroupByShape(Builder().batch(), {}), IsEmpty());
}

}  // namespace
}  // namespace regear::sql

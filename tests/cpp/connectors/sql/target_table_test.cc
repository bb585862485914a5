#include "connectors/sql/target_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/sql/preflight.h"

namespace regear::sql {
namespace {

using ::testing::ElementsAre;

const Dialect kDialect({.parameter = "?"});
const TableTarget kTarget{"people", {"id"}, "regear_checkpoint", "stream"};

TableSchema Schema(const std::vector<std::string>& names) {
  TableSchema schema;
  schema.name = "people";
  for (const std::string& name : names) {
    schema.columns.emplace_back().name = name;
  }
  schema.unique_keys = {{"id"}};
  return schema;
}

Result<TargetTable> Resolve(const TableSchema& schema,
                            const std::vector<std::string>& columns) {
  std::vector<Finding> findings;
  TargetTable table =
      ResolveTarget(schema, kTarget, columns, kDialect, &findings);
  const Status blocked = BlockingStatus(findings);
  if (!blocked.ok()) return blocked;
  return table;
}

TEST(TargetTableTest, PrefersTheExactNameOverASimilarOne) {
  const TableSchema schema = Schema({"id", "Name", "name"});
  EXPECT_EQ(schema.Find("name"), &schema.columns[2]);
  EXPECT_EQ(schema.Find("Name"), &schema.columns[1]);
  EXPECT_EQ(schema.Find("NAME"), nullptr);  // could be either
  EXPECT_EQ(schema.Find("ID"), &schema.columns[0]);
}

TEST(TargetTableTest, KeepsMappingOrder) {
  const auto table = Resolve(Schema({"id", "a", "b"}), {"b", "a"});
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->keys.front().name, "id");
  EXPECT_EQ(table->columns[0].name, "b");
  EXPECT_EQ(table->columns[1].name, "a");
}

TEST(TargetTableTest, ListsRequiredColumnsThatNobodyFills) {
  TableSchema schema = Schema({"id", "a", "b"});
  schema.columns[0].not_null = true;
  schema.columns[1].not_null = true;
  schema.columns[2].not_null = true;
  const auto table = Resolve(schema, {"a"});
  ASSERT_TRUE(table.ok());
  EXPECT_THAT(table->required_unmapped, ElementsAre("b"));
}

TEST(TargetTableTest, NamesAllMissingColumnsAtOnce) {
  const Status status = Resolve(Schema({"id", "a"}), {"a", "b", "c"}).status();
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_EQ(status.hint(),
            "ALTER TABLE \"people\" ADD COLUMN \"b\" TEXT; "
            "ALTER TABLE \"people\" ADD COLUMN \"c\" TEXT;");
}

TEST(TargetTableTest, PrintsTheTableToCreate) {
  const std::vector<std::string> columns = {"a", "b"};
  EXPECT_EQ(MissingTable(kTarget, columns, kDialect).hint(),
            "CREATE TABLE \"people\" (\"id\" TEXT PRIMARY KEY, \"a\" TEXT, "
            "\"b\" TEXT)");
}

TEST(TargetTableTest, RefusesColumnsThatTheDatabaseFillsAlone) {
  TableSchema schema = Schema({"id", "a", "n"});
  schema.columns[1].generated = true;
  schema.columns[2].identity_always = true;
  EXPECT_EQ(Resolve(schema, {"a"}).status().code(), StatusCode::kStop);
  EXPECT_EQ(Resolve(schema, {"n"}).status().code(), StatusCode::kStop);
  EXPECT_TRUE(Resolve(schema, {}).ok());
}

}  // namespace
}  // namespace regear::sql

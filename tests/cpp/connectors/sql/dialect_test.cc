#include "connectors/sql/dialect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/sql/checkpoint_table.h"

namespace regear::sql {
namespace {

using ::testing::ElementsAre;

const Dialect kDollar({.parameter = "$"});

TEST(DialectTest, QuotesAnyName) {
  EXPECT_EQ(kDollar.Quote("name"), "\"name\"");
  EXPECT_EQ(kDollar.Quote("we\"ird; --"), "\"we\"\"ird; --\"");
  EXPECT_EQ(Dialect({.quote = '`', .parameter = "?"}).Quote("a`b"), "`a``b`");
}

TEST(DialectTest, QuotesEachPartOfATable) {
  EXPECT_EQ(kDollar.QuoteTable("people"), "\"people\"");
  EXPECT_EQ(kDollar.QuoteTable("app.people"), "\"app\".\"people\"");
  EXPECT_EQ(kDollar.QuoteTable("\"a.b\".\"c\"\"d\""), "\"a.b\".\"c\"\"d\"");
}

TEST(DialectTest, SplitsNamesAtDotsOutsideQuotes) {
  EXPECT_THAT(SplitTableName("a.b.c"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(SplitTableName("`my.schema`.b"), ElementsAre("my.schema", "b"));
  EXPECT_THAT(SplitTableName("it\"s"), ElementsAre("it\"s"));
}

TEST(DialectTest, QuotesLiterals) {
  EXPECT_EQ(QuoteLiteral("it's"), "'it''s'");
}

TEST(DialectTest, WritesUpserts) {
  const std::vector<std::string> id = {"id"};
  EXPECT_EQ(kDollar.UpsertClause(id, {}), " ON CONFLICT (\"id\") DO NOTHING");
  EXPECT_EQ(kDollar.UpsertClause(id, std::vector<std::string>{"a", "b"}),
            " ON CONFLICT (\"id\") DO UPDATE SET \"a\" = excluded.\"a\", "
            "\"b\" = excluded.\"b\"");
}

TEST(CheckpointTableTest, HasThePublicLayout) {
  const CheckpointTable table({"people", {"id"}, "ops.progress", "stream"},
                              kDollar);
  EXPECT_EQ(table.create(),
            "CREATE TABLE IF NOT EXISTS \"ops\".\"progress\" "
            "(id varchar PRIMARY KEY, val varchar)");
  EXPECT_EQ(table.compare_and_swap(),
            "UPDATE \"ops\".\"progress\" SET val = $1 WHERE id = $2 "
            "AND val = $3");
}

}  // namespace
}  // namespace regear::sql

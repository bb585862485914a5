// What every SQL connector does with keys of several columns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/test_database.h"

namespace regear::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ConnectorCompositeTest : public ConnectorTest {
 protected:
  void OpenOrders(const std::string& ddl,
                  const std::vector<std::string>& mapped = {"item", "count"}) {
    if (!ddl.empty()) database->Run(ddl);
    columns = mapped;
    connector = MakeOrders(mapped);
    REGEAR_EXPECT_OK(connector->Open());
  }
  std::unique_ptr<Connector> MakeOrders(
      const std::vector<std::string>& mapped) const {
    TableTarget target;
    target.table = "orders";
    target.primary_key = key_template.columns();
    target.checkpoint_id = kStream;
    target.key_template = key_template;
    return database->MakeConnector(std::move(target), mapped);
  }
  BatchBuilder Orders() const { return BatchBuilder(columns, &key_template); }
  std::vector<std::string> Stored() {
    return database->Query("SELECT * FROM orders ORDER BY region, id");
  }

  const KeyTemplate key_template = *KeyTemplate::Parse("order:{region}:{id}");
  const std::string kOrders =
      "CREATE TABLE orders (region varchar(20), id integer, item text, "
      "count integer, PRIMARY KEY (region, id))";
};

REGEAR_ON_ALL_BACKENDS(ConnectorCompositeTest);

TEST_P(ConnectorCompositeTest, WritesUpdatesAndDeletesByAllKeyColumns) {
  OpenOrders(kOrders);
  REGEAR_EXPECT_OK(Write(Orders()
                             .Merge("eu:1", {{"item", "pen"}, {"count", "1"}})
                             .Merge("eu:2", {{"item", "ink"}, {"count", "2"}})
                             .Merge("us:1", {{"item", "cap"}, {"count", "3"}}))
                       .status);
  REGEAR_EXPECT_OK(Write(Orders()
                             .Merge("us:1", {{"count", "4"}})
                             .Replace("eu:1", {{"item", "nib"}})
                             .Delete("eu:2")
                             .Delete("us:2"))
                       .status);
  EXPECT_THAT(Stored(), ElementsAre("eu|1|nib|NULL", "us|1|cap|4"));
}

TEST_P(ConnectorCompositeTest, KeyMayBeAUniqueConstraintInAnotherOrder) {
  OpenOrders(
      "CREATE TABLE orders (serial integer PRIMARY KEY, region varchar(20) "
      "NOT NULL, id integer NOT NULL, item text, count integer, "
      "UNIQUE (id, region))",
      {"serial", "item"});
  REGEAR_EXPECT_OK(
      Write(Orders().Merge("eu:1", {{"serial", "7"}, {"item", "pen"}})).status);
  REGEAR_EXPECT_OK(Write(Orders().Merge("eu:1", {{"item", "nib"}})).status);
  EXPECT_THAT(Stored(), ElementsAre("7|eu|1|nib|NULL"));
}

TEST_P(ConnectorCompositeTest, WritesManyShapesOfPartialChanges) {
  OpenOrders(
      "CREATE TABLE orders (region varchar(20), id integer, a integer, "
      "b integer, c integer, d integer, PRIMARY KEY (region, id))",
      {"a", "b", "c", "d"});
  BatchBuilder batch = Orders();
  for (int shape = 1; shape < 16; ++shape) {
    BatchBuilder::Values values;
    for (int column = 0; column < 4; ++column) {
      if ((shape >> column & 1) != 0) values.push_back({columns[column], "1"});
    }
    batch.Merge("eu:" + std::to_string(shape), values);
  }
  REGEAR_EXPECT_OK(Write(batch).status);
  EXPECT_EQ(Stored().size(), 15u);
  EXPECT_EQ(Stored()[4], "eu|5|1|NULL|1|NULL");
}

TEST_P(ConnectorCompositeTest, IdsThatAreOneKeyAreWrittenInOrder) {
  OpenOrders(kOrders);
  REGEAR_EXPECT_OK(Write(Orders()
                             .Merge("eu:5", {{"item", "pen"}, {"count", "1"}})
                             .Merge("eu:05", {{"count", "2"}})
                             .Merge("us:5", {{"count", "3"}}))
                       .status);
  EXPECT_THAT(Stored(), ElementsAre("eu|5|pen|2", "us|5|NULL|3"));
}

TEST_P(ConnectorCompositeTest, RefusesKeysThatDoNotMatchTheTemplate) {
  OpenOrders(kOrders);
  BatchBuilder batch = Orders();
  batch.Merge("eu:1", {{"item", "pen"}})
      .Delete("eu")
      .Merge("us", {{"item", "cap"}});
  const WriteReport report = Write(batch);
  EXPECT_EQ(report.status.code(), StatusCode::kReject);
  ASSERT_EQ(report.refused.size(), 2u);
  EXPECT_EQ(report.refused[0].row, 1u);
  EXPECT_EQ(report.refused[0].reason,
            "key key:eu does not match the template order:{region}:{id}");
  EXPECT_EQ(report.refused[1].row, 2u);
  EXPECT_THAT(Stored(), IsEmpty());
}

TEST_P(ConnectorCompositeTest, RefusedRowsAreFoundAmongMismatchedOnes) {
  OpenOrders(kOrders);
  const WriteReport report = Write(Orders()
                                       .Merge("eu", {{"item", "pen"}})
                                       .Merge("eu:1", {{"count", "many"}})
                                       .Merge("eu:two", {{"count", "2"}}));
  ASSERT_EQ(report.refused.size(), 3u);
  EXPECT_THAT(report.refused[1].reason, HasSubstr("count"));
  EXPECT_THAT(report.refused[2].reason, HasSubstr("column id"));
}

TEST_P(ConnectorCompositeTest, AsksForAKeyOverAllItsColumns) {
  database->Run(
      "CREATE TABLE orders (region varchar(20), id integer PRIMARY KEY, "
      "item text)");
  const Status status = MakeOrders({"item"})->Open();
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_THAT(status.message(), HasSubstr("region, id"));
  EXPECT_THAT(status.hint(), HasSubstr("CREATE UNIQUE INDEX"));
  database->Run(status.hint());
  REGEAR_EXPECT_OK(MakeOrders({"item"})->Open());
}

TEST_P(ConnectorCompositeTest, HintCreatesATableThatWorks) {
  const Status status = MakeOrders({"item", "count"})->Open();
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_THAT(status.hint(), HasSubstr("PRIMARY KEY ("));
  OpenOrders(status.hint());
  REGEAR_EXPECT_OK(Write(Orders().Merge("eu:1", {{"item", "pen"}})).status);
  EXPECT_THAT(Stored(), ElementsAre("eu|1|pen|NULL"));
}

TEST_P(ConnectorCompositeTest, SingleColumnTemplateMayHaveASuffix) {
  const KeyTemplate profile = *KeyTemplate::Parse("user:{id}:profile");
  database->Run("CREATE TABLE people (id integer PRIMARY KEY, name text)");
  Open({"name"});
  REGEAR_EXPECT_OK(
      Write(
          BatchBuilder(columns, &profile).Merge("5:profile", {{"name", "Al"}}))
          .status);
  EXPECT_THAT(People(), ElementsAre("5|Al"));
}

}  // namespace
}  // namespace regear::testing

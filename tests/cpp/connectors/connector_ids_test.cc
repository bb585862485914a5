// How every SQL connector lists the ids of its table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/test_database.h"

namespace regear::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ConnectorIdsTest : public ConnectorTest {
 protected:
  // All ids, read in pages of `limit`.
  std::vector<std::string> AllIds(size_t limit) {
    std::vector<std::string> all;
    std::optional<std::string> after;
    while (true) {
      const auto page = connector->IdsAfter(after, limit);
      EXPECT_TRUE(page.ok()) << page.status().ToString();
      if (!page.ok()) return all;
      all.insert(all.end(), page->begin(), page->end());
      if (page->size() < limit || all.size() > 1000) return all;
      after = page->back();
    }
  }
};

REGEAR_ON_ALL_BACKENDS(ConnectorIdsTest);

TEST_P(ConnectorIdsTest, ListsNumbersInTheirOrder) {
  database->Run("CREATE TABLE people (id integer PRIMARY KEY, name text)");
  database->Run(
      "INSERT INTO people (id) VALUES (10), (9), (-1), (100), (2), (3)");
  Open({"name"});
  EXPECT_THAT(AllIds(2), ElementsAre("-1", "2", "3", "9", "10", "100"));
  EXPECT_THAT(AllIds(4), SizeIs(6));
  EXPECT_THAT(AllIds(100), SizeIs(6));
}

TEST_P(ConnectorIdsTest, ListsTexts) {
  database->Run("CREATE TABLE people (id varchar(20) PRIMARY KEY, name text)");
  database->Run(
      "INSERT INTO people (id) VALUES ('it''s'), ('b c'), ('é'), ('')");
  Open({"name"});
  EXPECT_THAT(AllIds(1),
              ::testing::UnorderedElementsAre("it's", "b c", "é", ""));
}

TEST_P(ConnectorIdsTest, EndsWithTheTable) {
  database->Run("CREATE TABLE people (id integer PRIMARY KEY, name text)");
  Open({"name"});
  EXPECT_THAT(AllIds(10), IsEmpty());
}

TEST_P(ConnectorIdsTest, LeavesOutRowsWithoutAKey) {
  database->Run(
      "CREATE TABLE people (number integer PRIMARY KEY, id text UNIQUE)");
  database->Run("INSERT INTO people VALUES (1, 'a'), (2, NULL), (3, 'b')");
  Open({"number"});
  EXPECT_THAT(AllIds(1), ElementsAre("a", "b"));
}

TEST_P(ConnectorIdsTest, WritesCompositeIdsAsTheirKeysAreWritten) {
  database->Run(
      "CREATE TABLE orders (region varchar(20), id integer, item text, "
      "PRIMARY KEY (region, id))");
  // A colon in the region: no key of the template names these rows.
  database->Run(
      "INSERT INTO orders VALUES ('eu', 10, 'x'), ('eu', 9, 'x'), "
      "('us', 1, 'x'), ('e:u', 1, 'x'), ('e:u', 2, 'x'), ('zz:', 1, 'x')");
  TableTarget target;
  target.table = "orders";
  target.key_template = *KeyTemplate::Parse("order:{region}:{id}");
  target.primary_key = target.key_template.columns();
  target.checkpoint_id = kStream;
  connector = database->MakeConnector(target, {"item"});
  REGEAR_EXPECT_OK(connector->Open());
  for (size_t limit = 1; limit < 8; ++limit) {
    EXPECT_THAT(AllIds(limit), ElementsAre("eu:9", "eu:10", "us:1"));
  }
  EXPECT_EQ(connector->IdsAfter("eu", 5).status().code(), StatusCode::kInvalid);
}

TEST_P(ConnectorIdsTest, AsksForAnOpenConnector) {
  connector = MakeConnector({"name"});
  EXPECT_EQ(connector->IdsAfter({}, 5).status().code(), StatusCode::kReconnect);
}

}  // namespace
}  // namespace regear::testing

// What every SQL connector makes of the target's schema.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/test_database.h"

namespace regear::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ConnectorSchemaTest : public ConnectorTest {
 protected:
  // Expects Open to stop, and its hint to be a statement after which it works.
  void ExpectHintMends(const std::vector<std::string>& mapped,
                       const std::string& message) {
    columns = mapped;
    connector = MakeConnector(mapped);
    const Status status = connector->Open();
    EXPECT_EQ(status.code(), StatusCode::kStop);
    EXPECT_THAT(status.message(), HasSubstr(message));
    database->Run(status.hint());
    REGEAR_EXPECT_OK(connector->Open());
    REGEAR_EXPECT_OK(Write(Batch().Merge("1", {})).status);
  }

  Status OpenStatus(const std::vector<std::string>& mapped) {
    connector = MakeConnector(mapped);
    return connector->Open();
  }
};

REGEAR_ON_ALL_BACKENDS(ConnectorSchemaTest);

TEST_P(ConnectorSchemaTest, SaysHowToCreateAMissingTable) {
  ExpectHintMends({"name", "we\"ird"}, "people does not exist");
}

TEST_P(ConnectorSchemaTest, SaysHowToAddMissingColumns) {
  database->Run("CREATE TABLE people (id text PRIMARY KEY, name text)");
  ExpectHintMends({"name", "age", "city"}, "no column age, city");
}

TEST_P(ConnectorSchemaTest, SaysHowToMakeTheKeyUnique) {
  database->Run("CREATE TABLE people (id text, name text)");
  ExpectHintMends({"name"}, "unique");
}

TEST_P(ConnectorSchemaTest, TakesAUniqueColumnAsKey) {
  database->Run(
      "CREATE TABLE people (number integer PRIMARY KEY, id text UNIQUE)");
  EXPECT_EQ(OpenStatus({}).code(), StatusCode::kOk);
}

TEST_P(ConnectorSchemaTest, RefusesAPartOfTheKeyOrAPartialIndex) {
  database->Run(
      "CREATE TABLE people (id text, region text, name text, "
      "PRIMARY KEY (id, region))");
  database->Run(mysql() ? "CREATE UNIQUE INDEX i ON people (id(3))"
                        : "CREATE UNIQUE INDEX i ON people (id) "
                          "WHERE region = 'eu'");
  EXPECT_EQ(OpenStatus({"name"}).code(), StatusCode::kStop);
}

TEST_P(ConnectorSchemaTest, RefusesToMapAGeneratedColumn) {
  database->Run(
      "CREATE TABLE people (id text PRIMARY KEY, age integer, "
      "twice integer GENERATED ALWAYS AS (age * 2) STORED)");
  const Status status = OpenStatus({"age", "twice"});
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_THAT(status.message(), HasSubstr("twice"));
  columns = {"age"};
  REGEAR_EXPECT_OK(OpenStatus(columns));
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "4"}})).status);
  EXPECT_THAT(People(), ElementsAre("1|4|8"));
}

TEST_P(ConnectorSchemaTest, RefusesToMapTheKeyOrAColumnTwice) {
  database->Run("CREATE TABLE people (id text PRIMARY KEY, name text)");
  EXPECT_THAT(OpenStatus({"id"}).message(), HasSubstr("row's id"));
  EXPECT_THAT(OpenStatus({"name", "NAME"}).message(), HasSubstr("twice"));
}

TEST_P(ConnectorSchemaTest, FindsNamesWhateverTheirCase) {
  database->Run("CREATE TABLE people (id text PRIMARY KEY, name text)");
  Open({"Name"}, "People");
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"Name", "Ada"}})).status);
  EXPECT_THAT(People(), ElementsAre("1|Ada"));
}

TEST_P(ConnectorSchemaTest, QuotesEveryName) {
  database->Run(
      "CREATE TABLE \"order\" (\"id\" text PRIMARY KEY, \"select\" text, "
      "\"we\"\"ird; --\" integer DEFAULT 3)");
  Open({"select", "we\"ird; --"}, "order");
  REGEAR_EXPECT_OK(Write(Batch()
                             .Merge("1", {{"select", "x"}}, {"we\"ird; --"})
                             .Merge("2", {{"select", "y"}})
                             .Delete("3"))
                       .status);
  EXPECT_THAT(database->Query("SELECT * FROM \"order\" ORDER BY id"),
              ElementsAre("1|x|3", "2|y|3"));
}

TEST_P(ConnectorSchemaTest, TakesQualifiedTableNames) {
  database->Run("CREATE TABLE people (id text PRIMARY KEY, name text)");
  Open({"name"}, postgres() ? "public.people"
                 : mysql()  ? "test.people"
                            : "main.people");
  REGEAR_EXPECT_OK(
      Write(Batch().Merge("1", {{"name", "Ada"}}).Delete("2")).status);
  EXPECT_THAT(People(), ElementsAre("1|Ada"));
}

TEST_P(ConnectorSchemaTest, StopsWithTheDdlWhenTheTableIsDropped) {
  database->Run("CREATE TABLE people (id text PRIMARY KEY, name text)");
  Open({"name"});
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"name", "Ada"}})).status);
  database->Run("DROP TABLE people");
  const Status status = Write(Batch().Merge("2", {{"name", "Bob"}})).status;
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_THAT(status.hint(), HasSubstr("CREATE TABLE " + Quoted("people")));
}

TEST_P(ConnectorSchemaTest, StopsWithTheDdlWhenAColumnIsDropped) {
  database->Run(
      "CREATE TABLE people (id text PRIMARY KEY, name text, age integer)");
  Open({"name", "age"});
  database->Run("ALTER TABLE people DROP COLUMN age");
  const Status status = Write(Batch().Merge("1", {{"age", "3"}})).status;
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_THAT(status.hint(), HasSubstr("ADD COLUMN " + Quoted("age")));
}

}  // namespace
}  // namespace regear::testing

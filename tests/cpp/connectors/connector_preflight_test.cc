// What every SQL connector says about a target before it writes to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/test_database.h"

namespace regear::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

auto Blocks(const std::string& message, const std::string& hint) {
  return AllOf(Field(&Finding::blocks, true),
               Field(&Finding::message, HasSubstr(message)),
               Field(&Finding::hint, HasSubstr(hint)));
}

auto Warns(const std::string& message) {
  return AllOf(Field(&Finding::blocks, false),
               Field(&Finding::message, HasSubstr(message)));
}

class ConnectorPreflightTest : public ConnectorTest {
 protected:
  std::vector<Finding> Look(const std::vector<std::string>& mapped) {
    connector = MakeConnector(mapped);
    const auto findings = connector->Preflight();
    EXPECT_TRUE(findings.ok()) << findings.status().ToString();
    return findings.ok() ? *findings : std::vector<Finding>();
  }
};

REGEAR_ON_ALL_BACKENDS(ConnectorPreflightTest);

TEST_P(ConnectorPreflightTest, FindsNothingInATableThatFits) {
  database->Run("CREATE TABLE people (id text PRIMARY KEY, name text)");
  EXPECT_THAT(Look({"name"}), IsEmpty());
}

TEST_P(ConnectorPreflightTest, CreatesNothing) {
  database->Run("CREATE TABLE people (id text PRIMARY KEY, name text)");
  Look({"name"});
  database->Run("CREATE TABLE regear_checkpoint (other text)");
}

TEST_P(ConnectorPreflightTest, LeavesTheConnectorClosed) {
  database->Run("CREATE TABLE people (id text PRIMARY KEY, name text)");
  Look({"name"});
  EXPECT_EQ(connector->Write(BatchBuilder({"name"}).batch(), CheckpointAt(1))
                .status.code(),
            StatusCode::kReconnect);
}

TEST_P(ConnectorPreflightTest, SaysHowToCreateTheTable) {
  EXPECT_THAT(Look({"name"}),
              ElementsAre(Blocks("people does not exist",
                                 "CREATE TABLE " + Quoted("people"))));
}

TEST_P(ConnectorPreflightTest, FindsEverythingAtOnce) {
  database->Run(
      "CREATE TABLE people (id varchar(20), name text, age integer, "
      "twice integer GENERATED ALWAYS AS (age * 2) STORED, "
      "email text NOT NULL)");
  const std::vector<Finding> findings = Look({"name", "city", "zip", "twice"});
  EXPECT_THAT(
      findings,
      ElementsAre(Blocks("no column city, zip", "ADD COLUMN " + Quoted("zip")),
                  Blocks("neither the primary key", "CREATE UNIQUE"),
                  Blocks("\"twice\" of table people is generated",
                         "out of the mapping"),
                  Warns("\"email\" of table people is NOT NULL")));
  database->Run(findings[0].hint);
  database->Run(findings[1].hint);
  EXPECT_THAT(Look({"name", "city", "zip"}), ElementsAre(Warns("email")));
}

TEST_P(ConnectorPreflightTest, OpenTellsAllThatBlocksAndKeepsTheWarnings) {
  database->Run(
      "CREATE TABLE people (id varchar(20), name text, email text NOT NULL)");
  connector = MakeConnector({"name", "city"});
  const Status status = connector->Open();
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("city"), HasSubstr("unique")));
  database->Run(status.hint());
  REGEAR_EXPECT_OK(connector->Open());
  EXPECT_THAT(connector->warnings(), ElementsAre(Warns("email")));
}

TEST_P(ConnectorPreflightTest, HintOfAWarningMends) {
  database->Run(
      "CREATE TABLE people (id text PRIMARY KEY, name text, "
      "email text NOT NULL)");
  const std::vector<Finding> findings = Look({"name"});
  ASSERT_THAT(findings, ElementsAre(Warns("email")));
  if (findings[0].hint.starts_with("ALTER")) {
    database->Run(findings[0].hint);
    EXPECT_THAT(Look({"name"}), IsEmpty());
  } else {
    EXPECT_EQ(findings[0].hint, "map a field to it");
    EXPECT_THAT(Look({"name", "email"}), IsEmpty());
  }
}

TEST_P(ConnectorPreflightTest, RefusesAView) {
  database->Run("CREATE TABLE persons (id text PRIMARY KEY, name text)");
  database->Run("CREATE VIEW people AS SELECT * FROM persons");
  EXPECT_THAT(Look({"name"}),
              ElementsAre(Blocks("people is a view", "table behind it")));
}

}  // namespace
}  // namespace regear::testing

// What a PostgreSQL user who lacks something is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "connectors/postgres_test_database.h"

namespace regear::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PostgresPreflightTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string reason;
    database = PostgresTestDatabase::Make(&reason);
    if (database == nullptr) {
      if (std::getenv("CI") != nullptr) FAIL() << reason;
      GTEST_SKIP() << reason;
    }
    DropAll();
    database->Run("CREATE ROLE \"the guest\" LOGIN; CREATE SCHEMA ops;");
  }
  void TearDown() override {
    if (database != nullptr) DropAll();
  }
  void DropAll() {
    database->Run(
        "DROP SCHEMA IF EXISTS ops CASCADE;"
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = "
        "'the guest') THEN DROP OWNED BY \"the guest\"; "
        "DROP ROLE \"the guest\"; END IF; END $$");
  }

  // What the guest is told who writes `table`.
  std::vector<Finding> Look(const std::string& table) {
    TableTarget target;
    target.table = table;
    target.primary_key = {"id"};
    target.checkpoint_table = "public.regear_checkpoint";
    target.checkpoint_id = "stream";
    auto parameters = database->parameters();
    parameters["user"] = "the guest";
    parameters["options"] = search_path;
    const auto findings =
        database->MakeConnectorWith(target, {"name"}, parameters)->Preflight();
    EXPECT_TRUE(findings.ok()) << findings.status().ToString();
    return findings.ok() ? *findings : std::vector<Finding>();
  }
  // Types what each finding says; each has to be a statement that works.
  void Mend(const std::vector<Finding>& findings) {
    for (const Finding& finding : findings) database->Run(finding.hint);
  }

  std::unique_ptr<PostgresTestDatabase> database;
  std::string search_path;
};

TEST_F(PostgresPreflightTest, GrantsThatAreMissingAreTyped) {
  database->Run(
      "GRANT USAGE ON SCHEMA public TO \"the guest\";"
      "CREATE TABLE public.people (id text PRIMARY KEY);"
      "GRANT SELECT, INSERT ON people TO \"the guest\"");
  const auto findings = Look("people");
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_THAT(findings[0].hint, HasSubstr("ADD COLUMN \"name\""));
  EXPECT_EQ(findings[1].hint,
            "GRANT UPDATE, DELETE ON \"people\" TO \"the guest\"");
  EXPECT_EQ(findings[2].hint,
            "CREATE TABLE IF NOT EXISTS \"public\".\"regear_checkpoint\" "
            "(id varchar PRIMARY KEY, val varchar); GRANT SELECT, INSERT, "
            "UPDATE ON \"public\".\"regear_checkpoint\" TO \"the guest\"");
  Mend(findings);
  EXPECT_THAT(Look("people"), IsEmpty());
}

TEST_F(PostgresPreflightTest, SchemaThatMayNotBeUsedIsGranted) {
  database->Run(
      "GRANT CREATE, USAGE ON SCHEMA public TO \"the guest\";"
      "CREATE TABLE ops.people (id text PRIMARY KEY, name text);"
      "GRANT ALL ON ops.people TO \"the guest\"");
  const auto named = Look("ops.people");
  ASSERT_EQ(named.size(), 1u);
  EXPECT_EQ(named[0].hint, "GRANT USAGE ON SCHEMA \"ops\" TO \"the guest\"");
  search_path = "-c search_path=public,ops";
  const auto on_path = Look("people");
  ASSERT_EQ(on_path.size(), 1u);
  EXPECT_EQ(on_path[0].hint, "GRANT USAGE ON SCHEMA ops TO \"the guest\"");
  Mend(on_path);
  EXPECT_THAT(Look("people"), IsEmpty());
  EXPECT_THAT(Look("ops.people"), IsEmpty());
}

TEST_F(PostgresPreflightTest, TableInAnotherSchemaIsNamed) {
  database->Run(
      "GRANT CREATE, USAGE ON SCHEMA public TO \"the guest\";"
      "CREATE TABLE ops.people (id text PRIMARY KEY, name text)");
  const auto findings = Look("people");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_THAT(findings[0].message, HasSubstr("not on the search path"));
  EXPECT_THAT(findings[0].hint, HasSubstr("ops.people"));
}

TEST_F(PostgresPreflightTest, MissingSchemaIsCreated) {
  database->Run("GRANT CREATE, USAGE ON SCHEMA public TO \"the guest\"");
  const auto findings = Look("nowhere.people");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].hint, "CREATE SCHEMA \"nowhere\"");
}

TEST_F(PostgresPreflightTest, ViewNamesItsTable) {
  database->Run(
      "GRANT CREATE, USAGE ON SCHEMA public TO \"the guest\";"
      "CREATE TABLE persons (id text PRIMARY KEY, name text);"
      "CREATE MATERIALIZED VIEW people AS SELECT * FROM persons;");
  const auto findings = Look("people");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_THAT(findings[0].message, HasSubstr("a materialized view"));
  EXPECT_THAT(findings[0].hint, HasSubstr("persons"));
}

TEST_F(PostgresPreflightTest, RowLevelSecurityIsAWarning) {
  database->Run(
      "GRANT CREATE, USAGE ON SCHEMA public TO \"the guest\";"
      "CREATE TABLE people (id text PRIMARY KEY, name text);"
      "GRANT ALL ON people TO \"the guest\";"
      "ALTER TABLE people ENABLE ROW LEVEL SECURITY");
  const auto findings = Look("people");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_FALSE(findings[0].blocks);
  EXPECT_THAT(findings[0].message, HasSubstr("row-level security"));
}

}  // namespace
}  // namespace regear::testing

// What only PostgreSQL does.
#include "connectors/postgres/postgres_connector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "connectors/postgres_server.h"
#include "connectors/postgres_test_database.h"

namespace regear::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class PostgresConnectorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string reason;
    database = PostgresTestDatabase::Make(&reason);
    if (database != nullptr) return;
    if (std::getenv("CI") != nullptr) FAIL() << reason;
    GTEST_SKIP() << reason;
  }

  void Open(const std::string& create, const std::vector<std::string>& mapped) {
    database->Run(create);
    columns = mapped;
    connector = database->MakeConnector(kTarget, mapped);
    const Status status = connector->Open();
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  // Open with `parameters` over the usual ones.
  Status OpenWith(const ConnectionParameters& changed) {
    ConnectionParameters parameters = changed;
    parameters.merge(database->parameters());
    connector = database->MakeConnectorWith(kTarget, columns, parameters);
    return connector->Open();
  }
  WriteReport Write(const BatchBuilder& batch) {
    return connector->Write(batch.batch(), {1, "aa", {++batches, 0}, 1});
  }
  BatchBuilder Batch() const { return BatchBuilder(columns); }
  std::vector<std::string> People() {
    return database->Query("SELECT * FROM people ORDER BY id");
  }
  void DropRole(const std::string& role) {
    database->Run(
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname "
        "= '" +
        role + "') THEN DROP OWNED BY " + role + "; DROP ROLE " + role +
        "; END IF; END $$");
  }
  // Ends the connector's session, as a restart of the server does.
  void CutConnections() {
    database->Query(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE application_name = 'regear'");
  }

  static inline const TableTarget kTarget{
      "people", {"id"}, "regear_checkpoint", "stream"};
  std::unique_ptr<PostgresTestDatabase> database;
  std::unique_ptr<Connector> connector;
  std::vector<std::string> columns;
  uint64_t batches = 0;
};

TEST_F(PostgresConnectorTest, WritesManyTypes) {
  Open(
      "CREATE TYPE mood AS ENUM ('sad', 'happy');"
      "CREATE DOMAIN short_text AS varchar(5) CHECK (value <> 'bad');"
      "CREATE TABLE people (id uuid PRIMARY KEY, flag boolean, day date, "
      "at timestamptz, doc jsonb, list int[], raw bytea, feel mood, "
      "code short_text, price numeric(10,2), ip inet)",
      {"flag", "day", "at", "doc", "list", "raw", "feel", "code", "price",
       "ip"});
  REGEAR_EXPECT_OK(Write(Batch().Merge("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
                                       {{"flag", "yes"},
                                        {"day", "2024-02-29"},
                                        {"at", "2024-02-29 12:00:00+00"},
                                        {"doc", R"({"a": [1, null]})"},
                                        {"list", "{1,2,NULL}"},
                                        {"raw", std::string("\0\xff\\", 3)},
                                        {"feel", "happy"},
                                        {"code", "abcde"},
                                        {"price", "12.345"},
                                        {"ip", "10.0.0.1/8"}}))
                       .status);
  EXPECT_THAT(
      database->Query("SELECT id, flag, day, at AT TIME ZONE 'UTC', doc, list, "
                      "raw, feel, code, price, ip FROM people"),
      ElementsAre("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|t|2024-02-29|"
                  "2024-02-29 12:00:00|{\"a\": [1, null]}|{1,2,NULL}|"
                  "\\x00ff5c|happy|abcde|12.35|10.0.0.1/8"));
}

TEST_F(PostgresConnectorTest, TakesAnIdentityKey) {
  Open(
      "CREATE TABLE people (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
      "name text)",
      {"name"});
  REGEAR_EXPECT_OK(Write(Batch()
                             .Merge("7", {{"name", "Ada"}})
                             .Merge("8", {})
                             .Replace("7", {{"name", "Eve"}}))
                       .status);
  EXPECT_THAT(People(), ElementsAre("7|Eve", "8|NULL"));
}

TEST_F(PostgresConnectorTest, AsksTheServerWhichKeysAreTheSame) {
  Open("CREATE TABLE people (id numeric PRIMARY KEY, a text, b text)",
       {"a", "b"});
  REGEAR_EXPECT_OK(Write(Batch()
                             .Delete("1.0")
                             .Merge("1.00", {{"a", "x"}, {"b", "y"}})
                             .Merge("1", {{"a", "z"}})
                             .Merge("2", {{"a", "q"}})
                             .Delete("2.0"))
                       .status);
  EXPECT_THAT(database->Query("SELECT id::int, a, b FROM people"),
              ElementsAre("1|z|y"));
}

TEST_F(PostgresConnectorTest, RefusesAnIdAmongKeysThatTheServerCompares) {
  Open("CREATE TABLE people (id numeric PRIMARY KEY, a text)", {"a"});
  const WriteReport report =
      Write(Batch().Merge("1", {{"a", "x"}}).Merge("one", {{"a", "y"}}));
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].row, 1u);
  EXPECT_THAT(report.refused[0].reason, HasSubstr("column id"));
}

TEST_F(PostgresConnectorTest, UpsertsMoveRowsBeforeADeleteCascades) {
  Open(
      "CREATE TABLE people (id text PRIMARY KEY, "
      "boss text REFERENCES people ON DELETE CASCADE);"
      "INSERT INTO people VALUES ('old', NULL), ('new', NULL), ('x', 'old')",
      {"boss"});
  REGEAR_EXPECT_OK(
      Write(Batch().Delete("old").Merge("x", {{"boss", "new"}})).status);
  EXPECT_THAT(People(), ElementsAre("new|NULL", "x|new"));
}

TEST_F(PostgresConnectorTest, FindsTheRowThatADeferredConstraintRefuses) {
  Open(
      "CREATE TABLE people (id text PRIMARY KEY, boss text "
      "REFERENCES people DEFERRABLE INITIALLY DEFERRED)",
      {"boss"});
  const WriteReport report = Write(Batch()
                                       .Merge("1", {{"boss", "2"}})
                                       .Merge("2", {})
                                       .Merge("3", {{"boss", "none"}})
                                       .Merge("4", {{"boss", "2"}}));
  ASSERT_EQ(report.status.code(), StatusCode::kReject);
  EXPECT_THAT(People(), ElementsAre());
  bool found = false;
  for (const RefusedRow& row : report.refused) found |= row.row == 2;
  EXPECT_TRUE(found);
}

TEST_F(PostgresConnectorTest, RefusesWhatATriggerRaises) {
  Open(
      "CREATE TABLE people (id text PRIMARY KEY, age int);"
      "CREATE FUNCTION adults() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "IF new.age < 18 THEN RAISE EXCEPTION 'adults only'; END IF; "
      "RETURN new; END $$;"
      "CREATE TRIGGER adults BEFORE INSERT ON people FOR EACH ROW "
      "EXECUTE FUNCTION adults()",
      {"age"});
  const WriteReport report =
      Write(Batch().Merge("1", {{"age", "20"}}).Merge("2", {{"age", "3"}}));
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].reason, "adults only (SQLSTATE P0001)");
}

TEST_F(PostgresConnectorTest, ARowThatATriggerSuppressesMeansNoOtherHost) {
  database->Run(
      "CREATE TABLE people (id text PRIMARY KEY, age int);"
      "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "IF new.age < 18 THEN RETURN NULL; END IF; RETURN new; END $$;"
      "CREATE TRIGGER keep BEFORE INSERT ON people FOR EACH ROW "
      "EXECUTE FUNCTION keep()");
  columns = {"age"};
  TableTarget target = kTarget;
  target.journal = true;
  connector = database->MakeConnector(target, columns);
  REGEAR_EXPECT_OK(connector->Open());
  for (const char* age : {"20", "21", "3"}) {
    REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", age}})).status);
  }
  EXPECT_THAT(People(), ElementsAre("1|21"));
  const auto stored = connector->LoadCheckpoint();
  ASSERT_TRUE(stored.ok() && *stored);
  EXPECT_EQ((*stored)->position, (Position{batches, 0}));
}

TEST_F(PostgresConnectorTest, ReconnectsAfterTheServerEndsTheSession) {
  Open("CREATE TABLE people (id text PRIMARY KEY, age int)", {"age"});
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "1"}})).status);
  CutConnections();
  EXPECT_EQ(Write(Batch().Merge("1", {{"age", "2"}})).status.code(),
            StatusCode::kReconnect);
  EXPECT_EQ(connector->LoadCheckpoint().status().code(),
            StatusCode::kReconnect);
  REGEAR_EXPECT_OK(connector->Open());
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "2"}})).status);
  EXPECT_THAT(People(), ElementsAre("1|2"));
}

TEST_F(PostgresConnectorTest, CommitThatLosesTheConnectionIsInDoubt) {
  Open(
      "CREATE TABLE people (id text PRIMARY KEY, age int);"
      "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;"
      "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON people DEFERRABLE "
      "INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()",
      {"age"});
  EXPECT_EQ(Write(Batch().Merge("1", {{"age", "2"}})).status.code(),
            StatusCode::kInDoubt);
  REGEAR_EXPECT_OK(connector->Open());
  const auto loaded = connector->LoadCheckpoint();
  ASSERT_TRUE(loaded.ok());
  EXPECT_FALSE(loaded->has_value());
  EXPECT_THAT(People(), ElementsAre());
}

TEST_F(PostgresConnectorTest, UnreachableServerMeansReconnect) {
  EXPECT_EQ(OpenWith({{"host", "/nonexistent"}}).code(),
            StatusCode::kReconnect);
  EXPECT_EQ(OpenWith({{"host", "127.0.0.1"}, {"port", "1"}}).code(),
            StatusCode::kReconnect);
}

TEST_F(PostgresConnectorTest, UnknownDatabaseStopsWithItsDdl) {
  const Status status = OpenWith({{"dbname", "nowhere"}});
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_EQ(status.hint(), "CREATE DATABASE \"nowhere\"");
}

TEST_F(PostgresConnectorTest, WrongPasswordStopsAndIsNotTold) {
  DropRole(kPasswordRole);
  database->Run(std::string("CREATE ROLE ") + kPasswordRole +
                " LOGIN PASSWORD 'right'");
  const Status status =
      OpenWith({{"user", kPasswordRole}, {"password", "wr'on\\g"}});
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_THAT(status.ToString(), HasSubstr("28P01"));
  EXPECT_THAT(status.ToString(), Not(HasSubstr("wr'on\\g")));
}

TEST_F(PostgresConnectorTest, PasswordInAServerMessageIsNotTold) {
  const Status status =
      OpenWith({{"dbname", "hunter2-db"}, {"password", "hunter2"}});
  EXPECT_THAT(status.ToString(), Not(HasSubstr("hunter2")));
}

TEST_F(PostgresConnectorTest, UnknownParameterStops) {
  EXPECT_EQ(OpenWith({{"no_such_option", "1"}}).code(), StatusCode::kStop);
}

TEST_F(PostgresConnectorTest, MissingPrivilegeStopsWithTheGrant) {
  DropRole("guest");
  database->Run(
      "CREATE ROLE guest LOGIN; GRANT USAGE, CREATE ON SCHEMA public TO guest;"
      "CREATE TABLE people (id text PRIMARY KEY)");
  const Status status = OpenWith({{"user", "guest"}});
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_THAT(status.hint(), HasSubstr("GRANT"));
  database->Run(status.hint());
  REGEAR_EXPECT_OK(OpenWith({{"user", "guest"}}));
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {}).Delete("2")).status);
}

TEST_F(PostgresConnectorTest, CheckpointTableThatMayNotBeMadeIsPrinted) {
  DropRole("guest");
  database->Run(
      "CREATE ROLE guest LOGIN; GRANT USAGE ON SCHEMA public TO guest;"
      "CREATE TABLE people (id text PRIMARY KEY); GRANT ALL ON people TO "
      "guest");
  const Status status = OpenWith({{"user", "guest"}});
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_EQ(status.hint(),
            "CREATE TABLE IF NOT EXISTS \"regear_checkpoint\" "
            "(id varchar PRIMARY KEY, val varchar); "
            "GRANT SELECT, INSERT, UPDATE ON \"regear_checkpoint\" TO guest");
  database->Run(status.hint());
  REGEAR_EXPECT_OK(OpenWith({{"user", "guest"}}));
}

TEST_F(PostgresConnectorTest, StopsAtAReadOnlyCheckpointTable) {
  DropRole("guest");
  database->Run(
      "CREATE ROLE guest LOGIN; GRANT USAGE ON SCHEMA public TO guest;"
      "CREATE TABLE people (id text PRIMARY KEY); GRANT ALL ON people TO guest;"
      "CREATE TABLE regear_checkpoint (id varchar PRIMARY KEY, val varchar);"
      "GRANT SELECT ON regear_checkpoint TO guest");
  const Status status = OpenWith({{"user", "guest"}});
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_EQ(status.hint(),
            "GRANT INSERT, UPDATE ON \"regear_checkpoint\" TO guest");
}

TEST_F(PostgresConnectorTest, DropsStatementsOfTooManyShapes) {
  std::string create = "CREATE TABLE people (id text PRIMARY KEY";
  std::vector<std::string> names;
  for (int i = 0; i < 8; ++i) {
    names.push_back("c" + std::to_string(i));
    create += ", " + names.back() + " text";
  }
  Open(create + ")", names);
  for (int shape = 0; shape < 256; ++shape) {
    BatchBuilder::Values values;
    for (int i = 0; i < 8; ++i) {
      if ((shape >> i & 1) != 0) values.emplace_back(names[i], "x");
    }
    REGEAR_EXPECT_OK(
        Write(Batch().Replace(std::to_string(shape), values)).status);
  }
  EXPECT_THAT(database->Query("SELECT count(*), count(c7) FROM people"),
              ElementsAre("256|128"));
}

TEST_F(PostgresConnectorTest, ManyShapesTakeFewStatements) {
  Open(
      "CREATE TABLE people (id text PRIMARY KEY, a text, b int DEFAULT 7, "
      "c text, d int, e text NOT NULL);"
      "INSERT INTO people VALUES ('5', 'a', 1, 'c', 2, 'e')",
      {"a", "b", "c", "d", "e"});
  BatchBuilder batch = Batch();
  const std::vector<std::string> names = columns;
  for (int shape = 0; shape < 16; ++shape) {
    BatchBuilder::Values values = {{"e", "x"}};
    for (int i = 0; i < 4; ++i) {
      if ((shape >> i & 1) != 0) values.emplace_back(names[i], "1");
    }
    batch.Merge(std::to_string(shape), values);
  }
  batch.Merge("lacks", {{"a", "no e"}});
  WriteReport report = Write(batch);
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].row, 16u);
  EXPECT_THAT(report.refused[0].reason, HasSubstr("without e"));
}

TEST_F(PostgresConnectorTest, SeesAnAlteredColumnType) {
  Open("CREATE TABLE people (id text PRIMARY KEY, age int)", {"age"});
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "1"}})).status);
  database->Run(
      "ALTER TABLE people ALTER age TYPE date "
      "USING DATE '2024-01-01' + age");
  const Status status = Write(Batch().Merge("2", {{"age", "2"}})).status;
  EXPECT_EQ(status.code(), StatusCode::kReconnect);
  REGEAR_EXPECT_OK(connector->Open());
  REGEAR_EXPECT_OK(Write(Batch().Merge("2", {{"age", "2024-03-01"}})).status);
  EXPECT_THAT(People(), ElementsAre("1|2024-01-02", "2|2024-03-01"));
}

}  // namespace
}  // namespace regear::testing

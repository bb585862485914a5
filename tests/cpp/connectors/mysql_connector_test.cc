// What is particular to MariaDB and MySQL.
#include <gmock/gmock.h>

#include "connectors/mysql_test.h"

namespace regear::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

BatchBuilder ManyPeople(BatchBuilder batch, int count) {
  for (int i = 0; i < count; ++i) {
    const std::string n = std::to_string(i);
    batch.Merge("p" + n, {{"name", "name " + n}, {"age", n}});
  }
  return batch;
}

constexpr char kPeople[] =
    "CREATE TABLE people (id text PRIMARY KEY, name text, age int)";

TEST_F(MysqlConnectorTest, WritesABatchWithOneStatement) {
  Open(kPeople, {"name", "age"});
  const size_t before = Statements("Com_stmt_execute");
  REGEAR_EXPECT_OK(Write(ManyPeople(Batch(), 5000)).status);
  // The checkpoint's, and the rows'.
  EXPECT_EQ(Statements("Com_stmt_execute") - before, 2u);
  EXPECT_THAT(database->Query("SELECT count(*), sum(age) FROM people"),
              ElementsAre("5000|12497500"));
}

TEST_F(MysqlConnectorTest, WritesABatchWithFewStatementsWithoutArrays) {
  Open(kPeople, {"name", "age"}, {{"bulk", "0"}});
  const size_t before = Statements("Com_stmt_execute");
  REGEAR_EXPECT_OK(Write(ManyPeople(Batch(), 5000)).status);
  EXPECT_EQ(Statements("Com_stmt_execute") - before, 21u);
  EXPECT_THAT(database->Query("SELECT count(*), sum(age) FROM people"),
              ElementsAre("5000|12497500"));
}

TEST_F(MysqlConnectorTest, SplitsWhatIsMoreThanAPacketTakes) {
  Open("CREATE TABLE people (id int PRIMARY KEY, name LONGTEXT)", {"name"});
  BatchBuilder batch = Batch();
  const std::string megabyte(1 << 20, 'x');
  for (int i = 0; i < 40; ++i) {
    batch.Merge(std::to_string(i), {{"name", megabyte}});
  }
  REGEAR_EXPECT_OK(Write(batch).status);
  EXPECT_THAT(database->Query("SELECT sum(length(name)) FROM people"),
              ElementsAre(std::to_string(40 << 20)));
}

TEST_F(MysqlConnectorTest, RefusesARowThatNoPacketTakes) {
  Open("CREATE TABLE people (id int PRIMARY KEY, name LONGTEXT)", {"name"});
  const WriteReport report =
      Write(Batch()
                .Merge("1", {{"name", "x"}})
                .Merge("2", {{"name", std::string(17 << 20, 'x')}}));
  ASSERT_EQ(report.refused.size(), 1u) << report.status.ToString();
  EXPECT_EQ(report.refused[0].row, 1u);
  EXPECT_THAT(report.refused[0].reason, HasSubstr("max_allowed_packet"));
}

// ON DUPLICATE KEY UPDATE would change the row that has the value.
TEST_F(MysqlConnectorTest, AnotherUniqueColumnNeverUpdatesAnotherRow) {
  Open("CREATE TABLE people (id int PRIMARY KEY, name text UNIQUE, age int)",
       {"name", "age"});
  REGEAR_EXPECT_OK(
      Write(Batch().Merge("1", {{"name", "Ada"}, {"age", "1"}})).status);
  const WriteReport report =
      Write(Batch()
                .Merge("2", {{"name", "Ada"}, {"age", "2"}})
                .Merge("3", {{"name", "Cy"}, {"age", "3"}}));
  ASSERT_EQ(report.refused.size(), 1u) << report.status.ToString();
  EXPECT_EQ(report.refused[0].row, 0u);
  EXPECT_THAT(report.refused[0].reason, HasSubstr("(errno 1062)"));
  REGEAR_EXPECT_OK(Write(Batch()
                             .Merge("1", {{"name", "Ada"}, {"age", "9"}})
                             .Merge("3", {{"name", "Cy"}, {"age", "3"}}))
                       .status);
  EXPECT_THAT(People(), ElementsAre("1|Ada|9", "3|Cy|3"));
}

TEST_F(MysqlConnectorTest, UpdatesTakeNoNumbersOfAnAutoIncrement) {
  Open(
      "CREATE TABLE people (number int AUTO_INCREMENT PRIMARY KEY, "
      "id varchar(9) UNIQUE, age int)",
      {"age"});
  for (int i = 0; i < 5; ++i) {
    REGEAR_EXPECT_OK(
        Write(Batch().Merge("a", {{"age", std::to_string(i)}})).status);
  }
  REGEAR_EXPECT_OK(Write(Batch().Merge("b", {{"age", "1"}})).status);
  EXPECT_THAT(People(), ElementsAre("1|a|4", "2|b|1"));
}

TEST_F(MysqlConnectorTest, TakesAnAutoIncrementKeyEvenIfItIsZero) {
  Open("CREATE TABLE people (id int AUTO_INCREMENT PRIMARY KEY, name text)",
       {"name"});
  REGEAR_EXPECT_OK(Write(Batch()
                             .Merge("0", {{"name", "Zoe"}})
                             .Merge("7", {{"name", "Ada"}})
                             .Merge("8", {})
                             .Replace("7", {{"name", "Eve"}}))
                       .status);
  EXPECT_THAT(People(), ElementsAre("0|Zoe", "7|Eve", "8|NULL"));
}

// Ids that differ, and are the same row to the key column.
struct SameKey {
  const char* name;
  const char* type;
  const char* first;
  const char* second;
};

class MysqlSameKeyTest : public MysqlConnectorTest,
                         public ::testing::WithParamInterface<SameKey> {};

TEST_P(MysqlSameKeyTest, StaysInOrder) {
  Open(std::string("CREATE TABLE people (id ") + GetParam().type +
           " PRIMARY KEY, a text, b text, c text NOT NULL)",
       {"a", "b", "c"});
  const std::string first = GetParam().first;
  const std::string second = GetParam().second;
  REGEAR_EXPECT_OK(Write(Batch()
                             .Merge(first, {{"a", "1"}, {"b", "1"}, {"c", "1"}})
                             .Merge(second, {{"b", "2"}})
                             .Merge(first, {{"c", "3"}}))
                       .status);
  EXPECT_THAT(database->Query("SELECT a, b, c FROM people"),
              ElementsAre("1|2|3"));
  REGEAR_EXPECT_OK(Write(Batch().Delete(first).Merge(
                             second, {{"a", "x"}, {"b", "y"}, {"c", "z"}}))
                       .status);
  EXPECT_THAT(database->Query("SELECT a, b, c FROM people"),
              ElementsAre("x|y|z"));
}

// One of two partial changes finds its row under the other spelling, so the
// server's answer has to be matched with what was asked.
TEST_P(MysqlSameKeyTest, IsFoundByAPartialChangeBesideAMissingRow) {
  Open(std::string("CREATE TABLE people (id ") + GetParam().type +
           " PRIMARY KEY, a text, c text NOT NULL)",
       {"a", "c"});
  REGEAR_EXPECT_OK(
      Write(Batch().Merge(GetParam().first, {{"a", "1"}, {"c", "1"}})).status);
  const std::string other = std::string(GetParam().type) == "date"
                                ? "2020-01-01"
                            : std::string(GetParam().name) == "Uuid"
                                ? "b0eebc999c0b4ef8bb6d6bb9bd380a11"
                                : "77";
  const WriteReport report = Write(Batch()
                                       .Merge(GetParam().second, {{"a", "2"}})
                                       .Merge(other, {{"a", "3"}}));
  ASSERT_EQ(report.refused.size(), 1u) << report.status.ToString();
  EXPECT_EQ(report.refused[0].row, 1u);
  EXPECT_THAT(report.refused[0].reason, HasSubstr("without c"));
}

INSTANTIATE_TEST_SUITE_P(
    Keys, MysqlSameKeyTest,
    ::testing::Values(
        SameKey{"NoCase", "varchar(9)", "Ab-1", "aB-1"},
        SameKey{"PadSpace", "varchar(9)", "a", "a  "},
        SameKey{"Accent", "varchar(9)", "Zoë", "zoe"},
        SameKey{"Unicode", "varchar(9) COLLATE utf8mb4_unicode_ci", "ß", "ss"},
        SameKey{"Latin", "varchar(9) CHARACTER SET latin1", "é", "E"},
        SameKey{"BinaryPadSpace", "varchar(9) COLLATE utf8mb4_bin", "a", "a "},
        SameKey{"Number", "bigint unsigned", "5", "+05"},
        SameKey{"Decimal", "decimal(9,2)", "1.5", "1.50"},
        SameKey{"Rounded", "decimal(9,2)", "1.001", "1.00"},
        SameKey{"Double", "double", "1.10", "11e-1"},
        SameKey{"Date", "date", "2024-01-02", "20240102"},
        SameKey{"Uuid", "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
                "A0EEBC999C0B4EF8BB6D6BB9BD380A11"}),
    [](const auto& info) { return info.param.name; });

TEST_F(MysqlConnectorTest, KeysThatDifferInCaseAreTwoRowsToABinaryCollation) {
  Open(
      "CREATE TABLE people (id varchar(9) COLLATE utf8mb4_nopad_bin "
      "PRIMARY KEY, age int)",
      {"age"});
  REGEAR_EXPECT_OK(Write(Batch()
                             .Merge("a", {{"age", "1"}})
                             .Merge("A", {{"age", "2"}})
                             .Merge("a ", {{"age", "3"}}))
                       .status);
  EXPECT_THAT(People(), ElementsAre("A|2", "a|1", "a |3"));
}

TEST_F(MysqlConnectorTest, UpsertsMoveRowsBeforeADeleteCascades) {
  Open(
      "CREATE TABLE people (id varchar(9) PRIMARY KEY, boss varchar(9), "
      "FOREIGN KEY (boss) REFERENCES people (id) ON DELETE CASCADE);"
      "INSERT INTO people VALUES ('old', NULL), ('new', NULL), ('x', 'old')",
      {"boss"});
  REGEAR_EXPECT_OK(
      Write(Batch().Delete("old").Merge("x", {{"boss", "new"}})).status);
  EXPECT_THAT(People(), ElementsAre("new|NULL", "x|new"));
}

TEST_F(MysqlConnectorTest, NamesTheForeignKeyThatRefuses) {
  Open(
      "CREATE TABLE people (id int PRIMARY KEY, boss int, "
      "FOREIGN KEY (boss) REFERENCES people (id))",
      {"boss"});
  const WriteReport report =
      Write(Batch().Merge("1", {}).Merge("2", {{"boss", "9"}}));
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].row, 1u);
  EXPECT_THAT(report.refused[0].reason, HasSubstr("(errno 1452)"));
  EXPECT_THAT(report.refused[0].reason, HasSubstr("boss"));
}

TEST_F(MysqlConnectorTest, RefusesWhatATriggerSignals) {
  Open("CREATE TABLE people (id int PRIMARY KEY, age int)", {"age"});
  database->Run(
      "CREATE TRIGGER adults BEFORE INSERT ON people FOR EACH ROW "
      "IF NEW.age < 18 THEN SIGNAL SQLSTATE '45000' "
      "SET MESSAGE_TEXT = 'adults only'; END IF");
  const WriteReport report =
      Write(Batch().Merge("1", {{"age", "20"}}).Merge("2", {{"age", "3"}}));
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].reason, "adults only (errno 1644)");
}

TEST_F(MysqlConnectorTest, StopsAtAnEngineWithoutTransactions) {
  database->Run("CREATE TABLE people (id int PRIMARY KEY) ENGINE = MyISAM");
  const Status status = OpenWith({});
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_THAT(status.message(), HasSubstr("MyISAM"));
  database->Run(status.hint());
  REGEAR_EXPECT_OK(OpenWith({}));
}

TEST_F(MysqlConnectorTest, StopsAtAKeyThatNothingEquals) {
  database->Run("CREATE TABLE people (id float PRIMARY KEY)");
  const Status status = OpenWith({});
  EXPECT_EQ(status.code(), StatusCode::kStop);
  database->Run(status.hint());
  REGEAR_EXPECT_OK(OpenWith({}));
}

TEST_F(MysqlConnectorTest, ReconnectsAfterTheServerEndsTheSession) {
  Open("CREATE TABLE people (id int PRIMARY KEY, age int)", {"age"});
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "1"}})).status);
  for (const std::string& id :
       database->Query("SELECT id FROM information_schema.processlist "
                       "WHERE db = 'test' AND id <> CONNECTION_ID()")) {
    database->Run("KILL HARD " + id);
  }
  EXPECT_EQ(Write(Batch().Merge("1", {{"age", "2"}})).status.code(),
            StatusCode::kReconnect);
  EXPECT_EQ(connector->LoadCheckpoint().status().code(),
            StatusCode::kReconnect);
  REGEAR_EXPECT_OK(connector->Open());
  ASSERT_TRUE(connector->LoadCheckpoint().ok());
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "2"}})).status);
  EXPECT_THAT(People(), ElementsAre("1|2"));
}

TEST_F(MysqlConnectorTest, AServerThatHangsMeansReconnect) {
  Open("CREATE TABLE people (id int PRIMARY KEY, age int)", {"age"},
       {{"read_timeout", "1"}, {"init_command", ""}});
  const auto lock = database->LockRows("people");
  EXPECT_EQ(Write(Batch().Merge("1", {{"age", "2"}})).status.code(),
            StatusCode::kReconnect);
}

TEST_F(MysqlConnectorTest, CommitThatIsNotAnsweredIsInDoubt) {
  Open("CREATE TABLE people (id int PRIMARY KEY, age int)", {"age"},
       {{"read_timeout", "1"}});
  database->Run(
      "BACKUP STAGE START; BACKUP STAGE FLUSH; BACKUP STAGE BLOCK_DDL;"
      "BACKUP STAGE BLOCK_COMMIT");
  EXPECT_EQ(Write(Batch().Merge("1", {{"age", "2"}})).status.code(),
            StatusCode::kInDoubt);
  // The server may commit yet, or notice that nobody waits for it.
  database->Run("BACKUP STAGE END");
  REGEAR_EXPECT_OK(connector->Open());
  const auto loaded = connector->LoadCheckpoint();
  ASSERT_TRUE(loaded.ok());
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "3"}})).status);
  EXPECT_THAT(People(), ElementsAre("1|3"));
}

TEST_F(MysqlConnectorTest, UnreachableServerMeansReconnect) {
  EXPECT_EQ(OpenWith({{"unix_socket", "/nonexistent"}}).code(),
            StatusCode::kReconnect);
  EXPECT_EQ(OpenWith({{"host", "127.0.0.1"}, {"port", "1"}}).code(),
            StatusCode::kReconnect);
}

TEST_F(MysqlConnectorTest, UnknownDatabaseStopsWithItsDdl) {
  const Status status = OpenWith({{"dbname", "nowhere"}});
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_EQ(status.hint(), "CREATE DATABASE `nowhere`");
}

TEST_F(MysqlConnectorTest, UnknownParameterStops) {
  EXPECT_EQ(OpenWith({{"no_such_option", "1"}}).code(), StatusCode::kStop);
  EXPECT_EQ(OpenWith({{"read_timeout", "soon"}}).code(), StatusCode::kStop);
}

TEST_F(MysqlConnectorTest, WrongPasswordStopsAndIsNotTold) {
  database->Run("CREATE OR REPLACE USER guest IDENTIFIED BY 'right'");
  const Status status = OpenWith({{"user", "guest"}, {"password", "wr'on\\g"}});
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_THAT(status.ToString(), HasSubstr("errno 1045"));
  EXPECT_THAT(status.ToString(), Not(HasSubstr("wr'on\\g")));
}

TEST_F(MysqlConnectorTest, MissingPrivilegeStopsWithTheGrant) {
  database->Run(
      "CREATE OR REPLACE USER guest IDENTIFIED BY 'right';"
      "CREATE TABLE people (id int PRIMARY KEY);"
      "CREATE TABLE other (id int); GRANT ALL ON test.other TO guest");
  const ConnectionParameters guest = {{"user", "guest"}, {"password", "right"}};
  for (const char* granted : {"nothing", "SELECT", "SELECT, INSERT, UPDATE"}) {
    if (granted != std::string("nothing")) {
      database->Run(std::string("GRANT ") + granted + " ON people TO guest");
    }
    const Status status = OpenWith(guest);
    EXPECT_EQ(status.code(), StatusCode::kStop) << granted;
    EXPECT_EQ(status.hint(),
              "GRANT SELECT, INSERT, UPDATE, DELETE ON `people` TO "
              "`guest`@`%`")
        << granted;
  }
  database->Run("GRANT SELECT, INSERT, UPDATE, DELETE ON people TO guest");
  const Status status = OpenWith(guest);
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_EQ(status.hint(),
            "GRANT SELECT, INSERT, UPDATE, CREATE ON `regear_checkpoint` TO "
            "`guest`@`%`");
  database->Run(status.hint());
  REGEAR_EXPECT_OK(OpenWith(guest));
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {}).Delete("2")).status);
}

TEST_F(MysqlConnectorTest, StreamsWhoseNamesDifferInCaseHaveTheirCheckpoints) {
  Open("CREATE TABLE people (id int PRIMARY KEY, age int)", {"age"});
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "1"}})).status);
  std::string shouted = kStream;
  for (char& c : shouted) c = static_cast<char>(std::toupper(c));
  const auto other = database->MakeConnector(
      {"people", {"id"}, "regear_checkpoint", shouted, {}}, columns);
  REGEAR_EXPECT_OK(other->Open());
  const auto loaded = other->LoadCheckpoint();
  ASSERT_TRUE(loaded.ok());
  EXPECT_FALSE(loaded->has_value());
}

TEST_F(MysqlConnectorTest, SeesAnAlteredColumnTypeAfterOpen) {
  Open("CREATE TABLE people (id int PRIMARY KEY, age int)", {"age"});
  EXPECT_EQ(Write(Batch().Merge("1", {{"age", "old"}})).status.code(),
            StatusCode::kReject);
  database->Run("ALTER TABLE people MODIFY age varchar(9)");
  REGEAR_EXPECT_OK(connector->Open());
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "old"}})).status);
  EXPECT_THAT(People(), ElementsAre("1|old"));
}

}  // namespace
}  // namespace regear::testing

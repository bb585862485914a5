// What only SQLite does.
#include "connectors/sqlite/sqlite_connector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>

#include "connectors/sqlite/sqlite_driver.h"
#include "connectors/sqlite/sqlite_schema.h"
#include "connectors/sqlite/sqlite_status.h"
#include "connectors/sqlite/sqlite_values.h"
#include "connectors/sqlite_test_database.h"

namespace regear::testing {
namespace {

using sqlite::ValueKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SqliteConnectorTest : public ::testing::Test {
 protected:
  void Open(const std::string& create, const std::vector<std::string>& mapped) {
    database.Run(create);
    columns = mapped;
    connector = database.MakeConnector(kTarget, mapped);
    REGEAR_EXPECT_OK(connector->Open());
  }
  WriteReport Write(const BatchBuilder& batch) {
    return connector->Write(batch.batch(), {1, "aa", {++batches, 0}, 1});
  }
  BatchBuilder Batch() const { return BatchBuilder(columns); }

  static Status OpenPath(const std::string& path) {
    SqliteConnector connector(kTarget, {},
                              [path]() -> Result<ConnectionParameters> {
                                return ConnectionParameters{{"path", path}};
                              });
    return connector.Open();
  }

  static inline const TableTarget kTarget{
      "people", {"id"}, "regear_checkpoint", "stream"};
  SqliteTestDatabase database;
  std::unique_ptr<Connector> connector;
  std::vector<std::string> columns;
  uint64_t batches = 0;
};

TEST_F(SqliteConnectorTest, SwitchesToWriteAheadLogging) {
  Open("CREATE TABLE people (id text PRIMARY KEY)", {});
  // The other connection notices when it next reads the file.
  ASSERT_TRUE(database.Query("SELECT * FROM people").empty());
  EXPECT_THAT(database.Query("PRAGMA journal_mode"), ElementsAre("wal"));
}

TEST_F(SqliteConnectorTest, SaysHowToMakeAMissingFolder) {
  const Status status = OpenPath(database.folder() / "none" / "x.db");
  EXPECT_EQ(status.code(), StatusCode::kStop);
  EXPECT_EQ(status.hint(),
            "mkdir -p '" + (database.folder() / "none").string() + "'");
}

TEST_F(SqliteConnectorTest, StopsWithoutAPath) {
  EXPECT_EQ(OpenPath("").code(), StatusCode::kStop);
}

TEST_F(SqliteConnectorTest, StopsAtAFileThatIsNoDatabase) {
  const auto path = database.folder() / "text.db";
  std::ofstream(path) << std::string(4096, 'x');
  EXPECT_EQ(OpenPath(path).code(), StatusCode::kStop);
}

TEST_F(SqliteConnectorTest, ReportsAProviderThatFailsOrThrows) {
  SqliteConnector failing(kTarget, {}, []() -> Result<ConnectionParameters> {
    return Status(StatusCode::kRetry, "vault is sealed");
  });
  EXPECT_EQ(failing.Open().message(), "vault is sealed");
  SqliteConnector throwing(kTarget, {}, []() -> Result<ConnectionParameters> {
    throw std::runtime_error("vault is gone");
  });
  EXPECT_EQ(throwing.Open().code(), StatusCode::kRetry);
  EXPECT_THAT(throwing.Open().message(), HasSubstr("vault is gone"));
}

TEST_F(SqliteConnectorTest, KeepsBytesAsTheyAre) {
  Open("CREATE TABLE people (id text PRIMARY KEY, t text, b blob, n)",
       {"t", "b", "n"});
  const std::string bytes("a\0\xff\xfe", 4);
  REGEAR_EXPECT_OK(
      Write(Batch().Merge("1", {{"t", bytes}, {"b", bytes}, {"n", ""}}))
          .status);
  EXPECT_THAT(
      database.Query("SELECT typeof(t), hex(CAST(t AS blob)), typeof(b), "
                     "hex(b), typeof(n) FROM people"),
      ElementsAre("text|6100FFFE|blob|6100FFFE|text"));
}

TEST_F(SqliteConnectorTest, StoresNumbersAsNumbers) {
  Open(
      "CREATE TABLE people (id integer PRIMARY KEY, i int, r real, n numeric, "
      "d date)",
      {"i", "r", "n", "d"});
  REGEAR_EXPECT_OK(Write(Batch().Merge("7", {{"i", "5.5"},
                                             {"r", "2"},
                                             {"n", "12.50"},
                                             {"d", "2024-05-01"}}))
                       .status);
  EXPECT_THAT(
      database.Query("SELECT id, i, typeof(i), typeof(r), n, d FROM people"),
      ElementsAre("7|5.5|real|real|12.5|2024-05-01"));
}

TEST_F(SqliteConnectorTest, ReadsDefaultsThatLookLikeNames) {
  Open(
      "CREATE TABLE people (id text PRIMARY KEY, a text DEFAULT abc, "
      "b text DEFAULT \"d e\", c text DEFAULT 'f', d integer DEFAULT -1, "
      "e text DEFAULT null, f integer DEFAULT true)",
      {"a", "b", "c", "d", "e", "f"});
  REGEAR_EXPECT_OK(Write(Batch().Replace("1", {})).status);
  EXPECT_THAT(database.Query("SELECT * FROM people"),
              ElementsAre("1|abc|d e|f|-1|NULL|1"));
}

TEST_F(SqliteConnectorTest, RefusesWhatATriggerRaises) {
  database.Run("CREATE TABLE people (id text PRIMARY KEY, age int)");
  database.Run(
      "CREATE TRIGGER adults BEFORE INSERT ON people WHEN new.age < 18 "
      "BEGIN SELECT RAISE(ABORT, 'adults only'); END");
  Open("SELECT 1", {"age"});
  const WriteReport report =
      Write(Batch().Merge("1", {{"age", "20"}}).Merge("2", {{"age", "3"}}));
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].row, 1u);
  EXPECT_EQ(report.refused[0].reason, "adults only");
}

TEST_F(SqliteConnectorTest, ComparesKeysByTheirCollation) {
  Open("CREATE TABLE people (id text PRIMARY KEY COLLATE NOCASE, a text)",
       {"a"});
  REGEAR_EXPECT_OK(
      Write(Batch().Delete("ada").Merge("Ada", {{"a", "x"}})).status);
  EXPECT_THAT(database.Query("SELECT * FROM people"), ElementsAre("Ada|x"));
}

TEST_F(SqliteConnectorTest, DropsStatementsOfTooManyShapes) {
  std::string create = "CREATE TABLE people (id text PRIMARY KEY";
  std::vector<std::string> names;
  for (int i = 0; i < 10; ++i) {
    names.push_back("c" + std::to_string(i));
    create += ", " + names.back() + " text";
  }
  Open(create + ")", names);
  BatchBuilder batch = Batch();
  for (int shape = 0; shape < 1024; ++shape) {
    BatchBuilder::Values values;
    for (int i = 0; i < 10; ++i) {
      if ((shape >> i & 1) != 0) values.emplace_back(names[i], "x");
    }
    batch.Merge(std::to_string(shape), values);
  }
  REGEAR_EXPECT_OK(Write(batch).status);
  EXPECT_THAT(database.Query("SELECT count(*), count(c9) FROM people"),
              ElementsAre("1024|512"));
}

TEST(SqliteStatusTest, SortsResultCodes) {
  EXPECT_EQ(sqlite::Classify(SQLITE_CONSTRAINT_NOTNULL), StatusCode::kReject);
  EXPECT_EQ(sqlite::Classify(SQLITE_CONSTRAINT_FOREIGNKEY), StatusCode::kPark);
  EXPECT_EQ(sqlite::Classify(SQLITE_CONSTRAINT_UNIQUE), StatusCode::kConflict);
  EXPECT_EQ(sqlite::Classify(SQLITE_CONSTRAINT_PRIMARYKEY),
            StatusCode::kConflict);
  EXPECT_EQ(sqlite::Classify(SQLITE_MISMATCH), StatusCode::kReject);
  EXPECT_EQ(sqlite::Classify(SQLITE_TOOBIG), StatusCode::kReject);
  EXPECT_EQ(sqlite::Classify(SQLITE_BUSY_SNAPSHOT), StatusCode::kRetry);
  EXPECT_EQ(sqlite::Classify(SQLITE_LOCKED), StatusCode::kRetry);
  EXPECT_EQ(sqlite::Classify(SQLITE_FULL), StatusCode::kRetry);
  EXPECT_EQ(sqlite::Classify(SQLITE_IOERR_FSYNC), StatusCode::kRetry);
  EXPECT_EQ(sqlite::Classify(SQLITE_ERROR), StatusCode::kStop);
  EXPECT_EQ(sqlite::Classify(SQLITE_READONLY), StatusCode::kStop);
  EXPECT_EQ(sqlite::Classify(SQLITE_CANTOPEN), StatusCode::kStop);
}

TEST(SqliteValuesTest, FollowsDeclaredTypes) {
  EXPECT_EQ(sqlite::KindOfType("UNSIGNED BIG INT"), ValueKind::kInteger);
  EXPECT_EQ(sqlite::KindOfType("varchar(20)"), ValueKind::kText);
  EXPECT_EQ(sqlite::KindOfType("double precision"), ValueKind::kReal);
  EXPECT_EQ(sqlite::KindOfType("DECIMAL(10,2)"), ValueKind::kNumber);
  EXPECT_EQ(sqlite::KindOfType("blob"), ValueKind::kBlob);
  EXPECT_EQ(sqlite::KindOfType("DATETIME"), ValueKind::kText);
  EXPECT_EQ(sqlite::KindOfType(""), ValueKind::kText);
}

}  // namespace
}  // namespace regear::testing

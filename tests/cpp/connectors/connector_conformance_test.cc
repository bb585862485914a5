// What every SQL connector does with the rows of a batch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "connectors/test_database.h"

namespace regear::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ConnectorConformanceTest : public ConnectorTest {
 protected:
  void OpenPeople() {
    database->Run(
        "CREATE TABLE people (id text PRIMARY KEY, name text, age integer)");
    Open({"name", "age"});
  }
};

REGEAR_ON_ALL_BACKENDS(ConnectorConformanceTest);

TEST_P(ConnectorConformanceTest, InsertsAndUpdatesRows) {
  OpenPeople();
  REGEAR_EXPECT_OK(Write(Batch()
                             .Merge("1", {{"name", "Ada"}, {"age", "36"}})
                             .Merge("2", {{"name", "Bob"}, {"age", "7"}}))
                       .status);
  REGEAR_EXPECT_OK(Write(Batch()
                             .Merge("2", {{"name", "Bert"}, {"age", "8"}})
                             .Merge("3", {{"name", "Cy"}, {"age", "-1"}}))
                       .status);
  EXPECT_THAT(People(), ElementsAre("1|Ada|36", "2|Bert|8", "3|Cy|-1"));
}

TEST_P(ConnectorConformanceTest, DeletesRowsAndIgnoresMissingOnes) {
  OpenPeople();
  REGEAR_EXPECT_OK(Write(Batch()
                             .Merge("1", {{"name", "Ada"}, {"age", "36"}})
                             .Merge("2", {{"name", "Bob"}, {"age", "7"}}))
                       .status);
  REGEAR_EXPECT_OK(Write(Batch().Delete("1").Delete("none")).status);
  EXPECT_THAT(People(), ElementsAre("2|Bob|7"));
}

TEST_P(ConnectorConformanceTest, PartialChangeLeavesOtherColumnsAlone) {
  OpenPeople();
  REGEAR_EXPECT_OK(
      Write(Batch().Merge("1", {{"name", "Ada"}, {"age", "36"}})).status);
  REGEAR_EXPECT_OK(
      Write(Batch().Merge("1", {{"age", "37"}}).Merge("2", {{"name", "Bob"}}))
          .status);
  EXPECT_THAT(People(), ElementsAre("1|Ada|37", "2|Bob|NULL"));
}

TEST_P(ConnectorConformanceTest, ClearedColumnTakesItsDefaultOrNull) {
  database->Run(
      "CREATE TABLE people (id text PRIMARY KEY, name text, age integer, "
      "city text NOT NULL DEFAULT 'Oslo', note text)");
  database->Run("INSERT INTO people VALUES ('1', 'Ada', 36, 'Rome', 'kept')");
  Open({"name", "age", "city"});
  REGEAR_EXPECT_OK(
      Write(Batch()
                .Merge("1", {}, {"age", "city"})
                .Merge("2", {{"name", "Bob"}, {"age", "7"}}, {"city"}))
          .status);
  EXPECT_THAT(People(),
              ElementsAre("1|Ada|NULL|Oslo|kept", "2|Bob|7|Oslo|NULL"));
}

TEST_P(ConnectorConformanceTest, DefaultMayBeAnExpression) {
  database->Run(
      "CREATE TABLE people (id text PRIMARY KEY, name text, "
      "age integer DEFAULT (6 * 7), day date DEFAULT CURRENT_DATE)");
  Open({"name", "age", "day"});
  REGEAR_EXPECT_OK(Write(Batch().Replace("1", {{"name", "Ada"}})).status);
  EXPECT_THAT(database->Query(
                  "SELECT id, name, age FROM people WHERE day = CURRENT_DATE"),
              ElementsAre("1|Ada|42"));
}

TEST_P(ConnectorConformanceTest, ReplaceResetsMappedColumnsOnly) {
  database->Run(
      "CREATE TABLE people (id text PRIMARY KEY, name text, "
      "age integer DEFAULT 18, note text)");
  database->Run("INSERT INTO people VALUES ('1', 'Ada', 36, 'kept')");
  Open({"name", "age"});
  REGEAR_EXPECT_OK(Write(Batch().Replace("1", {{"name", "Eve"}})).status);
  EXPECT_THAT(People(), ElementsAre("1|Eve|18|kept"));
}

TEST_P(ConnectorConformanceTest, RowWithOnlyClearedColumnsIsInserted) {
  OpenPeople();
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {}, {"name", "age"})).status);
  EXPECT_THAT(People(), ElementsAre("1|NULL|NULL"));
}

TEST_P(ConnectorConformanceTest, ChangeOfNoMappedColumnKeepsTheRow) {
  OpenPeople();
  database->Run("INSERT INTO people VALUES ('1', 'Ada', 36)");
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {}).Merge("2", {})).status);
  EXPECT_THAT(People(), ElementsAre("1|Ada|36", "2|NULL|NULL"));
}

TEST_P(ConnectorConformanceTest, TableMayHaveTheKeyColumnOnly) {
  database->Run("CREATE TABLE people (id text PRIMARY KEY)");
  Open({});
  REGEAR_EXPECT_OK(
      Write(Batch().Merge("1", {}).Replace("2", {}).Merge("3", {})).status);
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {}).Delete("2")).status);
  EXPECT_THAT(People(), ElementsAre("1", "3"));
}

TEST_P(ConnectorConformanceTest, PartialChangeIsCheckedWithTheStoredRow) {
  database->Run(
      "CREATE TABLE people (id text PRIMARY KEY, name text, age integer, "
      "CHECK (name IS NOT NULL))");
  database->Run("INSERT INTO people VALUES ('1', 'Ada', 36)");
  Open({"name", "age"});
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "37"}})).status);
  EXPECT_THAT(People(), ElementsAre("1|Ada|37"));
}

TEST_P(ConnectorConformanceTest, UnmappedRequiredColumnAllowsUpdatesOnly) {
  database->Run(
      "CREATE TABLE people (id text PRIMARY KEY, name text, "
      "email text NOT NULL)");
  database->Run("INSERT INTO people VALUES ('1', 'Ada', 'ada@example.org')");
  Open({"name"});
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"name", "Eve"}})).status);
  const WriteReport report = Write(Batch().Replace("2", {{"name", "Bob"}}));
  ASSERT_EQ(report.status.code(), StatusCode::kReject);
  EXPECT_THAT(report.refused.at(0).reason, ::testing::HasSubstr("email"));
  EXPECT_THAT(People(), ElementsAre("1|Eve|ada@example.org"));
}

TEST_P(ConnectorConformanceTest, KeysThatTheColumnTakesForTheSameStayInOrder) {
  database->Run(
      "CREATE TABLE people (id integer PRIMARY KEY, name text, age integer)");
  Open({"name", "age"});
  REGEAR_EXPECT_OK(Write(Batch()
                             .Merge("5", {{"name", "Ada"}, {"age", "1"}})
                             .Merge("05", {{"name", "Bob"}})
                             .Delete("6")
                             .Merge("06", {{"name", "Cy"}, {"age", "2"}})
                             .Merge("7", {{"name", "Di"}, {"age", "3"}})
                             .Delete("+7"))
                       .status);
  EXPECT_THAT(People(), ElementsAre("5|Bob|1", "6|Cy|2"));
}

TEST_P(ConnectorConformanceTest, UnfoldedChangesOfOneKeyAreWrittenInOrder) {
  OpenPeople();
  REGEAR_EXPECT_OK(Write(Batch()
                             .Merge("1", {{"name", "Ada"}, {"age", "1"}})
                             .Delete("1")
                             .Merge("1", {{"name", "Bob"}})
                             .Merge("2", {{"name", "Cy"}})
                             .Merge("1", {{"age", "9"}})
                             .Delete("2"))
                       .status);
  EXPECT_THAT(People(), ElementsAre("1|Bob|9"));
}

TEST_P(ConnectorConformanceTest, WritesLargeBatches) {
  OpenPeople();
  BatchBuilder batch = Batch();
  for (int i = 0; i < 5000; ++i) {
    const std::string n = std::to_string(i);
    batch.Merge("p" + n, {{"name", "name " + n}, {"age", n}});
  }
  REGEAR_EXPECT_OK(Write(batch).status);
  REGEAR_EXPECT_OK(Write(batch).status);
  EXPECT_THAT(
      database->Query("SELECT count(*), sum(age), min(name) FROM people"),
      ElementsAre("5000|12497500|name 0"));
}

TEST_P(ConnectorConformanceTest, TextIsStoredByteForByte) {
  OpenPeople();
  const std::string text = "it's \"quoted\" \\ {a,b} \n\t Ωλ 🚀 %s $1 ?1";
  REGEAR_EXPECT_OK(
      Write(Batch().Merge("a'b\"c", {{"name", text}}).Merge("", {{"name", ""}}))
          .status);
  EXPECT_THAT(People(), ElementsAre("||NULL", "a'b\"c|" + text + "|NULL"));
}

TEST_P(ConnectorConformanceTest, NumbersAreConvertedByTheColumnsType) {
  database->Run(
      "CREATE TABLE people (id bigint PRIMARY KEY, small smallint, "
      "big bigint, real_number double precision, exact numeric(10,2))");
  Open({"small", "big", "real_number", "exact"});
  REGEAR_EXPECT_OK(
      Write(Batch().Merge("9007199254740993", {{"small", "-32768"},
                                               {"big", "9223372036854775807"},
                                               {"real_number", "1.5e3"},
                                               {"exact", " 12.5 "}}))
          .status);
  EXPECT_THAT(database->Query("SELECT id, small, big, real_number = 1500, "
                              "exact * 2 = 25 FROM people"),
              ElementsAre("9007199254740993|-32768|9223372036854775807|" +
                          std::string(postgres() ? "t|t" : "1|1")));
}

TEST_P(ConnectorConformanceTest, WritesAgainAfterOpenIsCalledAgain) {
  OpenPeople();
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"name", "Ada"}})).status);
  REGEAR_EXPECT_OK(connector->Open());
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", {{"age", "3"}})).status);
  EXPECT_THAT(People(), ElementsAre("1|Ada|3"));
}

TEST_P(ConnectorConformanceTest, RefusesToWriteBeforeItIsOpen) {
  const auto closed = MakeConnector({"name"});
  const BatchBuilder batch({"name"});
  EXPECT_EQ(closed->Write(batch.batch(), CheckpointAt(1)).status.code(),
            StatusCode::kReconnect);
  EXPECT_EQ(closed->LoadCheckpoint().status().code(), StatusCode::kReconnect);
}

TEST_P(ConnectorConformanceTest, RefusesABatchOfAnotherMapping) {
  OpenPeople();
  const BatchBuilder other({"name"});
  EXPECT_EQ(connector->Write(other.batch(), CheckpointAt(1)).status.code(),
            StatusCode::kInvalid);
}

TEST_P(ConnectorConformanceTest, WaitingForALockEndsInRetry) {
  OpenPeople();
  const auto lock = database->LockRows("people");
  EXPECT_EQ(Write(Batch().Merge("1", {{"name", "Ada"}})).status.code(),
            StatusCode::kRetry);
}

// A change that lacks one column, by what the column is like and whether the
// row is there.
struct PartialCase {
  std::string name;
  std::string column;
  bool row_there;
  std::string expected;  // the row afterwards; empty: refused
};

const PartialCase kPartialCases[] = {
    {"NullableThere", "age integer", true, "1|Eve|36"},
    {"NullableMissing", "age integer", false, "1|Eve|NULL"},
    {"NotNullThere", "age integer NOT NULL", true, "1|Eve|36"},
    {"NotNullMissing", "age integer NOT NULL", false, ""},
    {"DefaultThere", "age integer NOT NULL DEFAULT 18", true, "1|Eve|36"},
    {"DefaultMissing", "age integer NOT NULL DEFAULT 18", false, "1|Eve|18"},
};

class PartialChangeTest : public ConnectorTest {
 protected:
  void Check(const PartialCase& partial) {
    SCOPED_TRACE(partial.name);
    database->Run("DROP TABLE IF EXISTS people");
    database->Run("CREATE TABLE people (id text PRIMARY KEY, name text, " +
                  partial.column + ")");
    if (partial.row_there) {
      database->Run("INSERT INTO people VALUES ('1', 'Ada', 36)");
    }
    database->Run("DROP TABLE IF EXISTS regear_checkpoint");
    Open({"name", "age"});
    const WriteReport report = Write(Batch().Merge("1", {{"name", "Eve"}}));
    if (!partial.expected.empty()) {
      REGEAR_EXPECT_OK(report.status);
      EXPECT_THAT(People(), ElementsAre(partial.expected));
      return;
    }
    EXPECT_EQ(report.status.code(), StatusCode::kReject);
    ASSERT_EQ(report.refused.size(), 1u);
    EXPECT_THAT(report.refused[0].reason,
                ::testing::AllOf(::testing::HasSubstr("without age"),
                                 ::testing::HasSubstr("NOT NULL")));
    EXPECT_THAT(People(), IsEmpty());
  }
};

REGEAR_ON_ALL_BACKENDS(PartialChangeTest);

TEST_P(PartialChangeTest, FollowsTheColumnsConstraintAndDefault) {
  for (const PartialCase& partial : kPartialCases) Check(partial);
}

}  // namespace
}  // namespace regear::testing

// How every SQL connector reports rows that the database refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "connectors/test_database.h"

namespace regear::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ConnectorRefusalTest : public ConnectorTest {
 protected:
  void SetUp() override {
    ConnectorTest::SetUp();
    if (database == nullptr) return;
    database->Run(
        "CREATE TABLE people (id text PRIMARY KEY, name text UNIQUE, "
        "age integer CHECK (age < 200), city text NOT NULL DEFAULT 'Oslo', "
        "email text NOT NULL)");
    Open({"name", "age", "city", "email"});
  }

  static BatchBuilder::Values Person(const std::string& name,
                                     const std::string& age) {
    return {{"name", name}, {"age", age}, {"city", "Rome"}, {"email", "@"}};
  }

  // The reason for which the only row of `batch` is refused.
  std::string ReasonFor(const BatchBuilder& batch) {
    const WriteReport report = Write(batch);
    EXPECT_EQ(report.status.code(), StatusCode::kReject)
        << report.status.ToString();
    EXPECT_EQ(report.refused.size(), 1u);
    EXPECT_THAT(People(), IsEmpty());
    return report.refused.empty() ? "" : report.refused[0].reason;
  }
};

REGEAR_ON_ALL_BACKENDS(ConnectorRefusalTest);

TEST_P(ConnectorRefusalTest, NamesTheColumnOfAValueOfAnotherType) {
  const std::string reason =
      ReasonFor(Batch().Merge("1", Person("Ada", "thirty")));
  EXPECT_THAT(reason, HasSubstr("age"));
  EXPECT_THAT(reason, HasSubstr("thirty"));
}

TEST_P(ConnectorRefusalTest, RefusesANumberOutOfRange) {
  EXPECT_THAT(
      ReasonFor(Batch().Merge("1", Person("Ada", "99999999999999999999"))),
      HasSubstr("age"));
}

TEST_P(ConnectorRefusalTest, RefusesEmptyTextForANumber) {
  EXPECT_THAT(ReasonFor(Batch().Merge("1", Person("Ada", ""))),
              HasSubstr("age"));
}

TEST_P(ConnectorRefusalTest, NamesACheckConstraint) {
  EXPECT_THAT(ReasonFor(Batch().Merge("1", Person("Ada", "200"))),
              HasSubstr("age"));
}

TEST_P(ConnectorRefusalTest, NamesAClearedColumnThatMayNotBeNull) {
  EXPECT_THAT(
      ReasonFor(Batch().Merge(
          "1", {{"name", "Ada"}, {"age", "3"}, {"city", "Rome"}}, {"email"})),
      HasSubstr("email"));
}

TEST_P(ConnectorRefusalTest, FindsEveryRefusedRowAndCommitsNone) {
  BatchBuilder batch = Batch();
  const std::set<size_t> bad = {0, 17, 18, 63, 199};
  for (size_t i = 0; i < 200; ++i) {
    const std::string n = std::to_string(i);
    batch.Merge(n, Person("name " + n, bad.contains(i) ? "bad" : n));
  }
  const WriteReport report = Write(batch);
  ASSERT_EQ(report.status.code(), StatusCode::kReject);
  std::vector<size_t> rows;
  for (const RefusedRow& row : report.refused) rows.push_back(row.row);
  EXPECT_THAT(rows, ElementsAre(0, 17, 18, 63, 199));
  EXPECT_THAT(People(), IsEmpty());
}

TEST_P(ConnectorRefusalTest, AcceptsTheRestAfterwards) {
  ASSERT_EQ(
      Write(
          Batch().Merge("1", Person("Ada", "1")).Merge("2", Person("Bob", "x")))
          .status.code(),
      StatusCode::kReject);
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", Person("Ada", "1"))).status);
  EXPECT_EQ(People().size(), 1u);
}

TEST_P(ConnectorRefusalTest, RefusesTheSecondOfTwoEqualUniqueValues) {
  const WriteReport report = Write(Batch()
                                       .Merge("1", Person("Ada", "1"))
                                       .Merge("2", Person("Ada", "2"))
                                       .Merge("3", Person("Cy", "3")));
  ASSERT_EQ(report.status.code(), StatusCode::kReject);
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].row, 1u);
}

TEST_P(ConnectorRefusalTest, ReportsRowsThatMatchNothingAmongOtherRefusals) {
  const WriteReport report = Write(Batch()
                                       .Merge("1", {{"age", "5"}})
                                       .Merge("2", Person("Bob", "2"))
                                       .Merge("3", Person("Cy", "x"))
                                       .Merge("4", {{"age", "5"}}));
  ASSERT_EQ(report.status.code(), StatusCode::kReject);
  ASSERT_EQ(report.refused.size(), 3u);
  EXPECT_EQ(report.refused[0].row, 0u);
  EXPECT_THAT(report.refused[0].reason, HasSubstr("email"));
  EXPECT_EQ(report.refused[1].row, 2u);
  EXPECT_THAT(report.refused[1].reason, HasSubstr("age"));
  EXPECT_EQ(report.refused[2].row, 3u);
}

TEST_P(ConnectorRefusalTest, RefusesAnIdThatTheKeyColumnDoesNotTake) {
  database->Run("CREATE TABLE numbered (id integer PRIMARY KEY, name text)");
  Open({"name"}, "numbered");
  const WriteReport report = Write(
      Batch().Merge("1", {{"name", "Ada"}}).Merge("two", {{"name", "Bob"}}));
  ASSERT_EQ(report.status.code(), StatusCode::kReject);
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].row, 1u);
  EXPECT_THAT(report.refused[0].reason, HasSubstr("id"));
}

TEST_P(ConnectorRefusalTest, CommitsABatchThatIsOnlyRefusedAsAWhole) {
  // Names change hands: whether that is refused depends on the order only.
  REGEAR_EXPECT_OK(Write(Batch().Merge("1", Person("Ada", "1"))).status);
  REGEAR_EXPECT_OK(
      Write(
          Batch().Merge("1", Person("Eve", "1")).Merge("2", Person("Ada", "2")))
          .status);
  EXPECT_EQ(People().size(), 2u);
}

}  // namespace
}  // namespace regear::testing

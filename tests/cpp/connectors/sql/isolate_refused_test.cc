#include "connectors/sql/isolate_refused.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace regear::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A table that refuses some rows and remembers those it took.
class FakeTable {
 public:
  explicit FakeTable(std::set<size_t> bad) : bad_(std::move(bad)) {}

  // The refused ones of `rows`, which the table refuses as a whole.
  std::vector<size_t> Isolate(size_t rows) {
    std::vector<size_t> all(rows);
    std::iota(all.begin(), all.end(), size_t{0});
    std::vector<RefusedRow> refused;
    status = IsolateRefused(
        all, [this](std::span<const size_t> part) { return Try(part); },
        &refused);
    std::vector<size_t> found;
    for (const RefusedRow& row : refused) found.push_back(row.row);
    return found;
  }

  Status status;
  std::vector<size_t> written;
  size_t tries = 0;
  size_t broken_after = SIZE_MAX;  // tries until the connection breaks

 private:
  Status Try(std::span<const size_t> rows) {
    if (++tries > broken_after) return Status(StatusCode::kReconnect, "gone");
    for (size_t row : rows) {
      if (bad_.contains(row)) {
        return Status(StatusCode::kReject, "row " + std::to_string(row));
      }
    }
    written.insert(written.end(), rows.begin(), rows.end());
    return Status::Ok();
  }

  std::set<size_t> bad_;
};

TEST(IsolateRefusedTest, FindsEveryRefusedRow) {
  FakeTable table({0, 3, 4, 99});
  EXPECT_THAT(table.Isolate(100), ElementsAre(0, 3, 4, 99));
  EXPECT_TRUE(table.status.ok());
}

TEST(IsolateRefusedTest, WritesAllOthersInOrder) {
  FakeTable table({2, 5});
  table.Isolate(8);
  EXPECT_THAT(table.written, ElementsAre(0, 1, 3, 4, 6, 7));
}

TEST(IsolateRefusedTest, FindsTheOnlyRow) {
  FakeTable table({0});
  EXPECT_THAT(table.Isolate(1), ElementsAre(0));
}

TEST(IsolateRefusedTest, FindsNothingWhereThePartsAreAccepted) {
  FakeTable table({});
  EXPECT_THAT(table.Isolate(10), IsEmpty());
  EXPECT_EQ(table.written.size(), 10u);
}

TEST(IsolateRefusedTest, NeedsFewTriesForFewRefusals) {
  constexpr size_t kRows = 5000;
  const double log_rows = std::log2(kRows) + 1;
  for (const std::set<size_t>& bad :
       {std::set<size_t>{0}, {4999}, {17, 2500, 4000}}) {
    FakeTable table(bad);
    EXPECT_EQ(table.Isolate(kRows).size(), bad.size());
    EXPECT_LE(static_cast<double>(table.tries),
              2 * log_rows * static_cast<double>(bad.size()));
  }
}

TEST(IsolateRefusedTest, EndsWhenTheConnectionBreaks) {
  FakeTable table({3});
  table.broken_after = 2;
  table.Isolate(64);
  EXPECT_EQ(table.status.code(), StatusCode::kReconnect);
  EXPECT_EQ(table.tries, 3u);
}

}  // namespace
}  // namespace regear::sql

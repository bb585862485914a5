// What a column makes of the text of a field, as a table.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "connectors/test_database.h"

namespace regear::testing {

inline constexpr char kRefused[] = "refused";

// A column type, and for each value what the database holds afterwards.
struct TypeCase {
  std::string type;
  std::vector<std::pair<std::string, std::string>> values;
};

inline std::ostream& operator<<(std::ostream& out, const TypeCase& a_case) {
  return out << a_case.type;
}

// Writes each value of `a_case` to the column `odd` of a table, made by
// `create`, among other rows, and reads it back as `show`. Refused values have
// to be refused alone, with the column's name.
inline void CheckType(TestDatabase* database, const TypeCase& a_case,
                      const std::string& create, const std::string& show) {
  database->Run(create);
  const std::vector<std::string> columns = {"other", "odd"};
  TableTarget target{"people", {"id"}, "regear_checkpoint", "stream"};
  const auto connector = database->MakeConnector(target, columns);
  REGEAR_EXPECT_OK(connector->Open());
  uint64_t batches = 0;
  for (const auto& [value, expected] : a_case.values) {
    SCOPED_TRACE(a_case.type + " takes \"" + value + "\"");
    database->Run("DELETE FROM people");
    BatchBuilder batch(columns);
    batch.Merge("1", {{"other", "x"}})
        .Merge("2", {{"other", "y"}, {"odd", value}});
    const WriteReport report =
        connector->Write(batch.batch(), {1, "aa", {++batches, 0}, 1});
    const auto stored =
        database->Query("SELECT " + show + " FROM people WHERE id = '2'");
    if (expected != kRefused) {
      REGEAR_EXPECT_OK(report.status);
      EXPECT_THAT(stored, ::testing::ElementsAre(expected));
      continue;
    }
    EXPECT_EQ(report.status.code(), StatusCode::kReject)
        << ::testing::PrintToString(stored);
    ASSERT_EQ(report.refused.size(), 1u);
    EXPECT_EQ(report.refused[0].row, 1u);
    EXPECT_THAT(report.refused[0].reason, ::testing::HasSubstr("odd"));
    EXPECT_THAT(stored, ::testing::IsEmpty());
  }
}

}  // namespace regear::testing

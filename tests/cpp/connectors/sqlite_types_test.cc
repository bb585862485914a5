// What SQLite columns make of text (docs/types.md).
#include "connectors/sqlite_test_database.h"
#include "connectors/type_cases.h"

namespace regear::testing {
namespace {

const TypeCase kTypes[] = {
    {"integer",
     {{"5", "integer 5"},
      {" +05 ", "integer 5"},
      {"-9223372036854775808", "integer -9223372036854775808"},
      {"9223372036854775808", kRefused},
      {"5.0", "integer 5"},
      {"5.5", "real 5.5"},
      {"True", kRefused},
      {"five", kRefused},
      {"", kRefused}}},
    {"smallint", {{"70000", "integer 70000"}, {"x", kRefused}}},
    {"unsigned big int", {{"7", "integer 7"}, {"7x", kRefused}}},
    {"real",
     {{"2", "real 2.0"},
      {"1e3", "real 1000.0"},
      {".5", "real 0.5"},
      {"nan", kRefused},
      {"1,5", kRefused},
      {"", kRefused}}},
    {"double precision", {{"2", "real 2.0"}, {"x", kRefused}}},
    {"float", {{"2", "real 2.0"}, {"x", kRefused}}},
    {"numeric", {{"12.50", "real 12.5"}, {"12", "integer 12"}, {"", kRefused}}},
    {"decimal(10,2)", {{"12.345", "real 12.345"}, {"x", kRefused}}},
    {"boolean",
     {{"1", "integer 1"},
      {"True", "integer 1"},
      {"yes", "integer 1"},
      {"off", "integer 0"},
      {"False", "integer 0"},
      {"2", kRefused},
      {"None", kRefused},
      {"", kRefused}}},
    {"text", {{"", "text "}, {"5", "text 5"}, {"é\n'", "text é\n'"}}},
    {"varchar(3)", {{"long text", "text long text"}, {"", "text "}}},
    {"char(2)", {{"abc", "text abc"}}},
    {"date", {{"2024-02-30", "text 2024-02-30"}, {"", "text "}}},
    {"datetime", {{"2024-05-01 12:00", "text 2024-05-01 12:00"}}},
    {"timestamp", {{"1714564800", "integer 1714564800"}}},
    {"json", {{"{\"a\":1}", "text {\"a\":1}"}, {"{", "text {"}}},
    {"blob", {{"", "blob "}, {"ab", "blob ab"}}},
    {"", {{"5", "text 5"}, {"", "text "}}},
};

const TypeCase kStrictTypes[] = {
    {"INT", {{"5", "integer 5"}, {"5.0", "integer 5"}, {"5.5", kRefused}}},
    {"REAL", {{"2", "real 2.0"}, {"x", kRefused}, {"", kRefused}}},
    {"TEXT", {{"5", "text 5"}, {"", "text "}}},
    {"BLOB", {{"5", "blob 5"}, {"", "blob "}}},
    {"ANY", {{"5", "text 5"}, {"", "text "}}},
};

class SqliteTypesTest : public ::testing::TestWithParam<TypeCase> {
 protected:
  void Check(const std::string& options) {
    CheckType(&database, GetParam(),
              "CREATE TABLE people (id text PRIMARY KEY, other text, odd " +
                  GetParam().type + ")" + options,
              "typeof(odd) || ' ' || odd");
  }
  SqliteTestDatabase database;
};

class SqliteStrictTypesTest : public SqliteTypesTest {};

TEST_P(SqliteTypesTest, TakesOrRefuses) { Check(""); }
TEST_P(SqliteStrictTypesTest, TakesOrRefuses) { Check(" STRICT"); }

INSTANTIATE_TEST_SUITE_P(All, SqliteTypesTest, ::testing::ValuesIn(kTypes));
INSTANTIATE_TEST_SUITE_P(All, SqliteStrictTypesTest,
                         ::testing::ValuesIn(kStrictTypes));

}  // namespace
}  // namespace regear::testing

// What PostgreSQL columns make of text (docs/types.md).
#include <cstdlib>

#include "connectors/postgres_test_database.h"
#include "connectors/type_cases.h"

namespace regear::testing {
namespace {

const std::string kAnyBytes("\0\xff\\'", 4);

const TypeCase kTypes[] = {
    {"smallint",
     {{"5", "5"}, {" +05 ", "5"}, {"-32768", "-32768"}, {"32768", kRefused}}},
    {"integer", {{"2147483647", "2147483647"}, {"2147483648", kRefused}}},
    {"bigint",
     {{"-9223372036854775808", "-9223372036854775808"},
      {"9223372036854775808", kRefused},
      {"5.0", kRefused},
      {"True", kRefused},
      {"", kRefused}}},
    {"numeric",
     {{"123456789012345678901234567890.5", "123456789012345678901234567890.5"},
      {"1e3", "1000"},
      {"NaN", "NaN"},
      {"", kRefused}}},
    {"numeric(5,2)", {{"1.005", "1.01"}, {"1000", kRefused}}},
    {"real", {{"0.1", "0.1"}, {"1e39", kRefused}}},
    {"double precision",
     {{"0.1", "0.1"}, {"inf", "Infinity"}, {"1,5", kRefused}, {"", kRefused}}},
    {"boolean",
     {{"1", "true"},
      {"True", "true"},
      {"yes", "true"},
      {"off", "false"},
      {"False", "false"},
      {"2", kRefused},
      {"None", kRefused},
      {"", kRefused}}},
    {"text",
     {{"", ""}, {"é\n'", "é\n'"}, {"\xff", kRefused}, {kAnyBytes, kRefused}}},
    {"varchar(3)", {{"", ""}, {"äöü", "äöü"}, {"abcd", kRefused}}},
    {"char(3)", {{"a", "a"}, {"abcd", kRefused}}},
    {"date",
     {{"2024-02-29", "2024-02-29"}, {"2024-02-30", kRefused}, {"", kRefused}}},
    {"time", {{"12:30", "12:30:00"}, {"25:00", kRefused}}},
    {"timestamp",
     {{"2024-05-01T12:00:00.5", "2024-05-01 12:00:00.5"},
      {"2024-05-01 12:00:00+02", "2024-05-01 12:00:00"},
      {"1714564800", kRefused}}},
    {"timestamptz",
     {{"2024-05-01T12:00:00+02:00", "2024-05-01 10:00:00+00"},
      {"2024-05-01 12:00:00Z", "2024-05-01 12:00:00+00"},
      {"", kRefused}}},
    {"interval", {{"1 day 2 hours", "1 day 02:00:00"}, {"soon", kRefused}}},
    {"bytea",
     {{kAnyBytes, "\\x00ff5c27"}, {"\\x41", "\\x5c783431"}, {"", "\\x"}}},
    {"json", {{"{\"a\": [1,null]}", "{\"a\": [1,null]}"}, {"", kRefused}}},
    {"jsonb", {{"{\"a\":1}", "{\"a\": 1}"}, {"{a:1}", kRefused}}},
    {"uuid",
     {{"{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}",
       "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
      {"1", kRefused}}},
    {"int[]",
     {{"{1,2,NULL}", "{1,2,NULL}"},
      {"[1, 2, null]", "{1,2,NULL}"},
      {"[]", "{}"},
      {"[0:1]={1,2}", "[0:1]={1,2}"},
      {"{}", "{}"},
      {"1,2", kRefused},
      {"[1,\"x\"]", kRefused},
      {"[1", kRefused},
      {"", kRefused}}},
    {"text[]",
     {{"{a,\"b c\"}", "{a,\"b c\"}"},
      {"[\"a\", \"b,\\\"c\"]", "{a,\"b,\\\"c\"}"}}},
    {"varchar(2)[]", {{"[\"ab\"]", "{ab}"}, {"[\"abc\"]", kRefused}}},
    {"mood", {{"happy", "happy"}, {"Happy", kRefused}, {"", kRefused}}},
    {"short_text",
     {{"abcde", "abcde"}, {"abcdef", kRefused}, {"bad", kRefused}}},
    {"inet", {{"10.0.0.1/8", "10.0.0.1/8"}, {"300.0.0.1", kRefused}}},
    {"int4range", {{"[1,5)", "[1,5)"}, {"[5,1)", kRefused}}},
};

class PostgresTypesTest : public ::testing::TestWithParam<TypeCase> {};

TEST_P(PostgresTypesTest, TakesOrRefuses) {
  std::string reason;
  const auto database = PostgresTestDatabase::Make(&reason);
  if (database == nullptr) {
    if (std::getenv("CI") != nullptr) FAIL() << reason;
    GTEST_SKIP() << reason;
  }
  database->Run("SET timezone TO 'UTC'");
  CheckType(database.get(), GetParam(),
            "CREATE TYPE mood AS ENUM ('sad', 'happy');"
            "CREATE DOMAIN short_text AS varchar(5) CHECK (value <> 'bad');"
            "CREATE TABLE people (id text PRIMARY KEY, other text, "
            "n int GENERATED ALWAYS AS IDENTITY, "
            "twice text GENERATED ALWAYS AS (other || other) STORED, odd " +
                GetParam().type + ")",
            "CAST(odd AS text)");
}

INSTANTIATE_TEST_SUITE_P(All, PostgresTypesTest, ::testing::ValuesIn(kTypes));

}  // namespace
}  // namespace regear::testing

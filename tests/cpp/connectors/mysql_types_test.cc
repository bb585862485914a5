// What values become by the type of their column.
#include <gmock/gmock.h>

#include "connectors/mysql_test.h"

namespace regear::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Taken {
  const char* type;
  std::string value;
  const char* expression;  // of the column "odd"
  std::string expected;
};

class MysqlTakenTest : public MysqlConnectorTest,
                       public ::testing::WithParamInterface<Taken> {};

TEST_P(MysqlTakenTest, IsStored) {
  const Taken& taken = GetParam();
  Open(std::string("CREATE TABLE people (id int PRIMARY KEY, odd ") +
           taken.type + ")",
       {"odd"}, {{"init_command", "SET time_zone = '+03:00'"}});
  REGEAR_EXPECT_OK(
      Write(Batch().Merge("1", {{"odd", taken.value}}).Merge("2", {}, {"odd"}))
          .status);
  // The connection that reads has another zone.
  database->Run("SET time_zone = '+00:00'");
  EXPECT_THAT(database->Query(std::string("SELECT ") + taken.expression +
                              " FROM people ORDER BY id"),
              ElementsAre(taken.expected, "NULL"))
      << taken.type << " " << taken.value;
}

INSTANTIATE_TEST_SUITE_P(
    Types, MysqlTakenTest,
    ::testing::Values(
        Taken{"tinyint", "-128", "odd", "-128"},
        Taken{"tinyint unsigned", " 255\n", "odd", "255"},
        Taken{"smallint", "+7", "odd", "7"},
        Taken{"mediumint", "8388607", "odd", "8388607"},
        Taken{"bigint", "-9223372036854775808", "odd", "-9223372036854775808"},
        Taken{"bigint unsigned", "18446744073709551615", "odd",
              "18446744073709551615"},
        Taken{"boolean", "true", "odd", "1"},
        Taken{"boolean", "No", "odd", "0"}, Taken{"boolean", "1", "odd", "1"},
        Taken{"bit(1)", "true", "odd + 0", "1"},
        Taken{"bit(8)", "129", "odd + 0", "129"},
        Taken{"decimal(10,2)", " 12.345 ", "odd", "12.35"},
        Taken{"decimal(30,0)", "123456789012345678901234567890", "odd",
              "123456789012345678901234567890"},
        Taken{"float", "1.5", "odd", "1.5"},
        Taken{"double", "-1.5e300", "odd", "-1.5e300"},
        Taken{"char(3)", "ab", "odd", "ab"}, Taken{"TEXT", "🚀", "odd", "🚀"},
        Taken{"date", "2024-02-29", "odd", "2024-02-29"},
        Taken{"date", "2024-01-02T23:30:00-05:00", "odd", "2024-01-02"},
        Taken{"time(3)", "-25:00:00.125", "odd", "-25:00:00.125"},
        Taken{"time", "03:04:05Z", "odd", "03:04:05"},
        Taken{"datetime", "2024-01-02T03:04:05", "odd", "2024-01-02 03:04:05"},
        // Without a zone a timestamp is in the session's.
        Taken{"timestamp NULL", "2024-01-02 03:04:05", "odd",
              "2024-01-02 00:04:05"},
        Taken{"timestamp(6) NULL", "2024-01-02T03:04:05.123456Z", "odd",
              "2024-01-02 03:04:05.123456"},
        Taken{"timestamp NULL", "2024-01-02T03:04:05+02:00", "odd",
              "2024-01-02 01:04:05"},
        // A datetime knows no zone: it is the session's wall clock.
        Taken{"datetime", "2024-01-02T03:04:05Z", "odd", "2024-01-02 06:04:05"},
        Taken{"year", "2024", "odd", "2024"},
        Taken{"binary(3)", std::string("\0\xff\\", 3), "HEX(odd)", "00FF5C"},
        Taken{"varbinary(9)", "\xff", "HEX(odd)", "FF"},
        Taken{"BLOB", std::string("\0\xff", 2), "HEX(odd)", "00FF"},
        Taken{"json", R"({"a": [1, null]})", "odd", R"({"a": [1, null]})"},
        Taken{"enum('sad','happy','2')", "happy", "odd", "happy"},
        Taken{"enum('sad','happy','2')", "2", "odd", "2"},
        Taken{"set('a','b','c')", "c,a", "odd", "a,c"},
        Taken{"uuid", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "odd",
              "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}));

struct Refused {
  const char* type;
  std::string value;
};

class MysqlRefusedTest : public MysqlConnectorTest,
                         public ::testing::WithParamInterface<Refused> {};

TEST_P(MysqlRefusedTest, NamesItsColumn) {
  Open(std::string("CREATE TABLE people (id text PRIMARY KEY, other text, "
                   "odd ") +
           GetParam().type + ")",
       {"other", "odd"});
  const WriteReport report =
      Write(Batch()
                .Merge("1", {{"other", "x"}})
                .Merge("2", {{"other", "y"}, {"odd", GetParam().value}}));
  ASSERT_EQ(report.status.code(), StatusCode::kReject)
      << report.status.ToString();
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].row, 1u);
  EXPECT_THAT(report.refused[0].reason, HasSubstr("odd"));
  EXPECT_THAT(report.refused[0].reason, HasSubstr("(errno "));
}

INSTANTIATE_TEST_SUITE_P(
    Types, MysqlRefusedTest,
    ::testing::Values(
        Refused{"tinyint", "128"}, Refused{"tinyint unsigned", "-1"},
        Refused{"int", "x"}, Refused{"int", ""}, Refused{"int", "12.7"},
        Refused{"bigint", "9223372036854775808"},
        Refused{"bigint unsigned", "-1"}, Refused{"boolean", "perhaps"},
        Refused{"bit(2)", "4"}, Refused{"bit(2)", "x"},
        Refused{"decimal(3,1)", "1000"}, Refused{"decimal(3,1)", "1x"},
        Refused{"decimal(3,1)", ""}, Refused{"float", "1e99"},
        Refused{"double", "1e999"}, Refused{"double", "nan"},
        Refused{"varchar(3)", "abcd"}, Refused{"char(2)", "abc"},
        Refused{"varchar(9)", "\xff"},
        Refused{"varchar(9) CHARACTER SET latin1", "🚀"},
        Refused{"date", "2024-02-30"}, Refused{"date", "0000-00-00"},
        Refused{"date", ""}, Refused{"time", "x"},
        Refused{"datetime", "2024-01-02T03:04:05 UTC"},
        Refused{"datetime", "2024-02-30T03:04:05Z"},
        Refused{"timestamp NULL", "1960-01-01T00:00:00Z"},
        Refused{"year", "20x"}, Refused{"varbinary(1)", "ab"},
        Refused{"json", "{"}, Refused{"enum('a','b')", "2"},
        Refused{"enum('a','b')", ""}, Refused{"enum('a','b')", "c"},
        Refused{"set('a','b')", "3"}, Refused{"uuid", "1"}));

class MysqlTypesTest : public MysqlConnectorTest {};

TEST_F(MysqlTypesTest, MixesTimesWithAndWithoutAZone) {
  Open(
      "CREATE TABLE people (id int PRIMARY KEY, a timestamp NULL, "
      "b timestamp NULL)",
      {"a", "b"}, {{"init_command", "SET time_zone = '+03:00'"}});
  const std::string zoned = "2024-01-02T12:00:00Z";
  const std::string local = "2024-01-02T15:00:00";
  REGEAR_EXPECT_OK(Write(Batch()
                             .Merge("1", {{"a", zoned}, {"b", local}})
                             .Merge("2", {{"a", local}, {"b", zoned}})
                             .Merge("3", {{"a", zoned}, {"b", zoned}})
                             .Merge("4", {{"b", local}}, {"a"}))
                       .status);
  database->Run("SET time_zone = '+00:00'");
  const std::string noon = "2024-01-02 12:00:00";
  EXPECT_THAT(People(),
              ElementsAre("1|" + noon + "|" + noon, "2|" + noon + "|" + noon,
                          "3|" + noon + "|" + noon, "4|NULL|" + noon));
}

TEST_F(MysqlTypesTest, KeepsADefaultThatIsAnExpression) {
  Open(
      "CREATE TABLE people (id int PRIMARY KEY, a varchar(9) DEFAULT "
      "(concat('x', 'y')), b timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP)",
      {"a", "b"});
  REGEAR_EXPECT_OK(Write(Batch().Replace("1", {}).Merge("2", {})).status);
  EXPECT_THAT(
      database->Query("SELECT a FROM people WHERE b > NOW() - INTERVAL 1 DAY"),
      ElementsAre("xy", "xy"));
}

}  // namespace
}  // namespace regear::testing

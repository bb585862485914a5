#include "connectors/mysql/mysql_temporal.h"

#include <gtest/gtest.h>

namespace regear::mysql {
namespace {

TEST(MysqlTemporalTest, TurnsZonesIntoUtc) {
  const std::pair<const char*, const char*> kCases[] = {
      {"2024-01-02T03:04:05Z", "2024-01-02 03:04:05"},
      {"2024-01-02 03:04:05z", "2024-01-02 03:04:05"},
      {"2024-01-02T03:04:05+02:00", "2024-01-02 01:04:05"},
      {"2024-01-02T00:30:00+0200", "2024-01-01 22:30:00"},
      {"2024-02-28T23:30:00-05", "2024-02-29 04:30:00"},
      {" 2024-01-02T03:04:05.123456Z\n", "2024-01-02 03:04:05.123456"},
      {"2024-01-02T03:04+00:00", "2024-01-02 03:04:00"},
      {"1960-12-31 23:59:59 -00:01", "1961-01-01 00:00:59"},
  };
  for (const auto& [text, utc] : kCases) EXPECT_EQ(ToUtc(text), utc) << text;
}

TEST(MysqlTemporalTest, LeavesTheRestToTheServer) {
  for (const char* text :
       {"2024-01-02T03:04:05", "2024-01-02", "", "x", "2024-02-30T03:04:05Z",
        "2024-01-02T24:04:05Z", "2024-01-02T03:04:05+99:00",
        "2024-01-02T03:04:05ZZ", "2024-01-02T03:04:05 UTC",
        "2024-01-02T03:04:05.Z"}) {
    EXPECT_EQ(ToUtc(text), std::nullopt) << text;
  }
}

TEST(MysqlTemporalTest, DateAndTimeAreThoseThatAreWritten) {
  EXPECT_EQ(DateOfZoned("2024-01-02T23:30:00-05:00"), "2024-01-02");
  EXPECT_EQ(DateOfZoned("2024-01-02"), std::nullopt);
  EXPECT_EQ(TimeOfZoned("23:30:00-05:00"), "23:30:00");
  EXPECT_EQ(TimeOfZoned("23:30:00.5Z"), "23:30:00.5");
  EXPECT_EQ(TimeOfZoned("23:30:00"), std::nullopt);
}

}  // namespace
}  // namespace regear::mysql

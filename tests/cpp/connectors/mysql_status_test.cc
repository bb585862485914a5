#include "connectors/mysql/mysql_status.h"

#include <gtest/gtest.h>

namespace regear::mysql {
namespace {

TEST(MysqlStatusTest, SortsErrors) {
  struct Case {
    unsigned error;
    const char* sqlstate;
    StatusCode code;
  };
  const Case kCases[] = {
      {1213, "40001", StatusCode::kRetry},      // deadlock
      {1205, "HY000", StatusCode::kRetry},      // lock wait timeout
      {1040, "08004", StatusCode::kRetry},      // too many connections
      {1021, "HY000", StatusCode::kRetry},      // disk full
      {1114, "HY000", StatusCode::kRetry},      // table full
      {1317, "70100", StatusCode::kRetry},      // query interrupted
      {1969, "70100", StatusCode::kRetry},      // max_statement_time
      {2006, "HY000", StatusCode::kReconnect},  // server has gone away
      {2013, "HY000", StatusCode::kReconnect},  // lost connection
      {2002, "HY000", StatusCode::kReconnect},  // cannot connect
      {1053, "08S01", StatusCode::kReconnect},  // shutdown
      {1927, "70100", StatusCode::kReconnect},  // connection was killed
      {1290, "HY000", StatusCode::kReconnect},  // --read-only
      {1792, "25006", StatusCode::kReconnect},  // read-only transaction
      {1836, "HY000", StatusCode::kReconnect},  // read-only mode
      {1451, "23000", StatusCode::kPark},       // row is referenced
      {1452, "23000", StatusCode::kPark},       // reference to nothing
      {1062, "23000", StatusCode::kConflict},   // duplicate
      {1048, "23000", StatusCode::kReject},     // NULL
      {1264, "22003", StatusCode::kReject},     // out of range
      {1265, "01000", StatusCode::kReject},     // truncated
      {1292, "22007", StatusCode::kReject},     // incorrect date
      {1364, "HY000", StatusCode::kReject},     // no default
      {1366, "HY000", StatusCode::kReject},     // incorrect integer
      {1406, "22001", StatusCode::kReject},     // too long
      {1644, "45000", StatusCode::kReject},     // SIGNAL of a trigger
      {3819, "HY000", StatusCode::kReject},     // CHECK of MySQL
      {4025, "23000", StatusCode::kReject},     // CHECK of MariaDB
      {1146, "42S02", StatusCode::kStop},       // no such table
      {1054, "42S22", StatusCode::kStop},       // no such column
      {1049, "42000", StatusCode::kStop},       // no such database
      {1142, "42000", StatusCode::kStop},       // permission
      {1044, "42000", StatusCode::kStop},
      {1045, "28000", StatusCode::kStop},  // wrong password
      {2026, "HY000", StatusCode::kStop},  // TLS
  };
  for (const auto& [error, sqlstate, code] : kCases) {
    EXPECT_EQ(Classify(error, sqlstate), code) << error;
  }
}

TEST(MysqlStatusTest, MessagesEndWithTheNumber) {
  EXPECT_EQ(StatusFor(1205, "HY000", "Lock wait timeout").message(),
            "Lock wait timeout (errno 1205)");
}

}  // namespace
}  // namespace regear::mysql

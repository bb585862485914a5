#include "connectors/postgres/pg_status.h"

#include <gtest/gtest.h>

#include <pqxx/except>
#include <stdexcept>

namespace regear::postgres {
namespace {

TEST(PgStatusTest, SortsSqlStates) {
  const std::pair<const char*, StatusCode> kCases[] = {
      {"22P02", StatusCode::kReject},     // invalid text
      {"22001", StatusCode::kReject},     // too long
      {"23502", StatusCode::kReject},     // NOT NULL
      {"23505", StatusCode::kConflict},   // unique violation
      {"23503", StatusCode::kPark},       // foreign key violation
      {"P0001", StatusCode::kReject},     // raised by a trigger
      {"54000", StatusCode::kReject},     // too big for an index
      {"40P01", StatusCode::kRetry},      // deadlock
      {"40001", StatusCode::kRetry},      // serialization
      {"55P03", StatusCode::kRetry},      // lock not available
      {"57014", StatusCode::kRetry},      // statement timeout
      {"53100", StatusCode::kRetry},      // disk full
      {"53300", StatusCode::kRetry},      // too many connections
      {"57P01", StatusCode::kReconnect},  // administrator shut it down
      {"57P03", StatusCode::kReconnect},  // starting up
      {"08006", StatusCode::kReconnect},
      {"25006", StatusCode::kReconnect},  // read-only after a failover
      {"40003", StatusCode::kInDoubt},
      {"42P01", StatusCode::kStop},  // no such table
      {"42501", StatusCode::kStop},  // permission denied
      {"28P01", StatusCode::kStop},  // wrong password
      {"3D000", StatusCode::kStop},  // no such database
  };
  for (const auto& [state, code] : kCases) {
    EXPECT_EQ(ClassifySqlState(state), code) << state;
  }
}

TEST(PgStatusTest, KeepsTheMessageAndDropsThePointers) {
  EXPECT_EQ(CleanMessage("ERROR:  bad value\nLINE 1: SELECT x\n          ^\n"
                         "DETAIL:  Key (a)=(1).\nCONTEXT:  PL/pgSQL\n"),
            "bad value; Key (a)=(1).");
  EXPECT_EQ(CleanMessage(""), "");
}

Status Caught(void (*thrower)()) {
  try {
    thrower();
  } catch (...) {
    return StatusFromException();
  }
  return Status::Ok();
}

TEST(PgStatusTest, SortsExceptions) {
  EXPECT_EQ(Caught([] { throw pqxx::broken_connection("gone"); }).code(),
            StatusCode::kReconnect);
  EXPECT_EQ(Caught([] { throw pqxx::in_doubt_error("?"); }).code(),
            StatusCode::kInDoubt);
  EXPECT_EQ(Caught([] { throw pqxx::failure("lost"); }).code(),
            StatusCode::kReconnect);
  EXPECT_EQ(Caught([] { throw std::bad_alloc(); }).code(), StatusCode::kRetry);
  const Status sql =
      Caught([] { throw pqxx::sql_error("ERROR:  no\n", "SELECT", "22P02"); });
  EXPECT_EQ(sql.code(), StatusCode::kReject);
  EXPECT_EQ(sql.message(), "no (SQLSTATE 22P02)");
}

}  // namespace
}  // namespace regear::postgres

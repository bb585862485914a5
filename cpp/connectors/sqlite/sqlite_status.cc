#include "connectors/sqlite/sqlite_status.h"

#include <string>

namespace regear::sqlite {

StatusCode Classify(int extended_code) {
  switch (extended_code) {
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return StatusCode::kPark;
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return StatusCode::kConflict;
    default:
      break;
  }
  switch (extended_code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return StatusCode::kOk;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return StatusCode::kReject;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
    case SQLITE_PROTOCOL:
    case SQLITE_SCHEMA:
    case SQLITE_ABORT:
      return StatusCode::kRetry;
    default:  // unknown table, read-only file, no database, …
      return StatusCode::kStop;
  }
}

Status StatusFromDatabase(sqlite3* database) {
  const int code = sqlite3_extended_errcode(database);
  std::string message = sqlite3_errmsg(database);
  if ((code & 0xff) == SQLITE_IOERR) {
    message += " (code " + std::to_string(code) + ")";  // says which operation
  }
  return Status(Classify(code), std::move(message));
}

}  // namespace regear::sqlite

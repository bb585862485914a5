// What the errors of MariaDB and MySQL mean to the engine.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "connectors/mysql/mysql_handle.h"

namespace regear::mysql {

// Errors that the connector itself tells apart.
enum Errno : unsigned {
  kAccessDeniedToDatabase = 1044,
  kAccessDenied = 1045,
  kUnknownDatabase = 1049,
  kAccessDeniedToTable = 1142,
  kAccessDeniedToColumn = 1143,
  kNoSuchTable = 1146,
  kPacketTooLarge = 1153,
  kOutOfRange = 1264,
  kTruncated = 1265,
  kIncorrectValue = 1366,
  kAccessDeniedWithoutPassword = 1698,
};

// What the caller can do about an error.
StatusCode Classify(unsigned error, std::string_view sqlstate);

// The same as a Status, whose message ends with the error's number.
Status StatusFor(unsigned error, std::string_view sqlstate,
                 std::string_view message);

// The last error of a connection or statement.
Status StatusOf(MYSQL* connection);
Status StatusOf(MYSQL_STMT* statement);

// A commit that failed: unless the server says that it has rolled back, its
// outcome is unknown.
Status StatusOfCommit(MYSQL* connection);

// `why` with the number of the error that the server would have told; for
// values that the connector refuses by itself.
Status Refusal(Errno error, std::string why);

}  // namespace regear::mysql

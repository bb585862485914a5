#include "connectors/mysql/mysql_status.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace regear::mysql {

namespace {

// Waiting helps: locks, memory, disk and connections that run out, statements
// that were cancelled, tables that somebody alters.
constexpr std::array kTransient = {
    1016u, 1020u, 1021u, 1024u, 1026u, 1028u, 1030u, 1037u, 1038u, 1040u,
    1041u, 1114u, 1180u, 1203u, 1205u, 1206u, 1213u, 1226u, 1297u, 1317u,
    1412u, 1615u, 1637u, 1689u, 1969u, 3024u, 3101u, 3572u};

// Another connection, perhaps to another server, helps: shutdown, killed
// connections, broken packets, a cluster's node that is not ready, and read
// only servers, which are what is left of the primary after a failover.
constexpr std::array kConnection = {1047u, 1053u, 1077u, 1078u, 1079u, 1129u,
                                    1152u, 1156u, 1157u, 1158u, 1159u, 1160u,
                                    1161u, 1184u, 1243u, 1290u, 1792u, 1836u,
                                    1927u, 3032u, 3168u, 4031u};

// Refused data whose SQLSTATE does not tell.
constexpr std::array kData = {
    1048u, 1153u, 1264u, 1265u, 1292u, 1300u, 1301u, 1364u, 1365u, 1366u,
    1367u, 1369u, 1406u, 1411u, 1416u, 1439u, 1441u, 1526u, 1644u, 1690u,
    1748u, 3140u, 3141u, 3144u, 3146u, 3156u, 3157u, 3819u, 4025u};

constexpr std::array kForeignKey = {1216u, 1217u, 1451u, 1452u};
constexpr std::array kDuplicate = {1062u, 1557u, 1586u, 1761u, 1762u};

bool IsOneOf(unsigned error, std::span<const unsigned> errors) {
  return std::find(errors.begin(), errors.end(), error) != errors.end();
}

// TLS and authentication that cannot work as they are set.
bool IsClientSetting(unsigned error) {
  return error == 2026 || error == 2049 || error == 2054 || error == 2058 ||
         error == 2059 || error == 2061;
}

}  // namespace

StatusCode Classify(unsigned error, std::string_view sqlstate) {
  if (IsOneOf(error, kForeignKey)) return StatusCode::kPark;
  if (IsOneOf(error, kDuplicate)) return StatusCode::kConflict;
  if (IsOneOf(error, kData)) return StatusCode::kReject;
  if (IsOneOf(error, kTransient)) return StatusCode::kRetry;
  if (IsOneOf(error, kConnection)) return StatusCode::kReconnect;
  if (IsClientSetting(error)) return StatusCode::kStop;
  // The client library's own errors are about the connection.
  if (error >= 2000 && error < 3000) return StatusCode::kReconnect;
  const std::string_view kind = sqlstate.substr(0, 2);
  if (kind == "08") return StatusCode::kReconnect;
  if (kind == "40") return StatusCode::kRetry;
  // Values, constraints, and what triggers raise.
  if (kind == "22" || kind == "23" || kind == "44" || kind == "45") {
    return StatusCode::kReject;
  }
  return StatusCode::kStop;
}

Status StatusFor(unsigned error, std::string_view sqlstate,
                 std::string_view message) {
  return Status(Classify(error, sqlstate), std::string(message) + " (errno " +
                                               std::to_string(error) + ")");
}

Status StatusOf(MYSQL* connection) {
  return StatusFor(mysql_errno(connection), mysql_sqlstate(connection),
                   mysql_error(connection));
}

Status StatusOf(MYSQL_STMT* statement) {
  return StatusFor(mysql_stmt_errno(statement), mysql_stmt_sqlstate(statement),
                   mysql_stmt_error(statement));
}

Status StatusOfCommit(MYSQL* connection) {
  constexpr std::array kRolledBack = {1205u, 1213u, 3101u};
  Status status = StatusOf(connection);
  if (IsOneOf(mysql_errno(connection), kRolledBack)) return status;
  return Status(StatusCode::kInDoubt, status.message());
}

Status Refusal(Errno error, std::string why) {
  return Status(StatusCode::kReject,
                std::move(why) + " (errno " + std::to_string(error) + ")");
}

}  // namespace regear::mysql

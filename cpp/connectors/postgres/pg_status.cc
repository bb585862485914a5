#include "connectors/postgres/pg_status.h"

#include <exception>
#include <new>
#include <pqxx/except>

namespace regear::postgres {

namespace {

bool IsPointer(std::string_view line) {
  return line.starts_with("LINE ") || line.starts_with("LOCATION:") ||
         line.starts_with("CONTEXT:") || line.starts_with("QUERY:") ||
         line.find_first_not_of(" ^") == std::string_view::npos;
}

std::string_view WithoutSeverity(std::string_view line) {
  const size_t end = line.find(":  ");
  return end == std::string_view::npos ? line : line.substr(end + 3);
}

Status FromSqlError(const pqxx::sql_error& error) {
  const std::string& state = error.sqlstate();
  std::string message = CleanMessage(error.what());
  if (!state.empty()) message += " (SQLSTATE " + state + ")";
  return Status(ClassifySqlState(state), std::move(message));
}

}  // namespace

StatusCode ClassifySqlState(std::string_view sqlstate) {
  const std::string_view kind = sqlstate.substr(0, 2);
  if (sqlstate == "40003") return StatusCode::kInDoubt;
  if (sqlstate == "23503") return StatusCode::kPark;
  // A unique or exclusion constraint, or a key twice in one statement.
  if (sqlstate == "23505" || sqlstate == "23P01" || sqlstate == "21000") {
    return StatusCode::kConflict;
  }
  // The table was altered, or a pooler gave us another server connection.
  if (sqlstate == "42804" || kind == "26") return StatusCode::kReconnect;
  // A read-only server is what is left of the primary after a failover.
  if (sqlstate == "25006") return StatusCode::kReconnect;
  if (kind == "08" || sqlstate.starts_with("57P")) {
    return StatusCode::kReconnect;
  }
  // Refused data: bad values, constraints, views' check options, values too
  // big for an index, and what triggers raise.
  if (kind == "22" || kind == "23" || kind == "44" || kind == "54" ||
      kind == "P0") {
    return StatusCode::kReject;
  }
  // Deadlock, serialization, lock and statement timeout, disk full, too many
  // connections, file system and internal errors, aborted transactions.
  if (kind == "40" || kind == "53" || kind == "55" || kind == "57" ||
      kind == "58" || kind == "XX" || kind == "25") {
    return StatusCode::kRetry;
  }
  return StatusCode::kStop;
}

std::string CleanMessage(std::string_view message) {
  std::string clean;
  while (!message.empty()) {
    const size_t end = message.find('\n');
    const std::string_view line = message.substr(0, end);
    message.remove_prefix(end == std::string_view::npos ? message.size()
                                                        : end + 1);
    if (IsPointer(line)) continue;
    clean += clean.empty() ? "" : "; ";
    clean += WithoutSeverity(line);
  }
  return clean;
}

Status StatusFromException() {
  try {
    throw;
  } catch (const pqxx::in_doubt_error& error) {
    return Status(StatusCode::kInDoubt, CleanMessage(error.what()));
  } catch (const pqxx::broken_connection& error) {
    return Status(StatusCode::kReconnect, CleanMessage(error.what()));
  } catch (const pqxx::sql_error& error) {
    return FromSqlError(error);
  } catch (const pqxx::failure& error) {
    return Status(StatusCode::kReconnect, CleanMessage(error.what()));
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kRetry, "out of memory");
  } catch (const std::exception& error) {
    return Status(StatusCode::kStop, error.what());
  }
}

}  // namespace regear::postgres

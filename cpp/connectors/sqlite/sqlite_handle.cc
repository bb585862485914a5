#include "connectors/sqlite/sqlite_handle.h"

#include "connectors/sqlite/sqlite_status.h"

namespace regear::sqlite {

Result<StatementHandle> Prepare(sqlite3* database, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  StatementHandle handle(statement);
  if (code != SQLITE_OK) return StatusFromDatabase(database);
  return handle;
}

Status Run(sqlite3* database, const std::string& sql) {
  const int code =
      sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status::Ok() : StatusFromDatabase(database);
}

int BindText(sqlite3_stmt* statement, int parameter, std::string_view text) {
  // A null pointer would bind NULL, and an empty view may have one.
  const char* data = text.data() == nullptr ? "" : text.data();
  return sqlite3_bind_text64(statement, parameter, data, text.size(),
                             SQLITE_STATIC, SQLITE_UTF8);
}

std::string ColumnText(sqlite3_stmt* statement, int column) {
  const auto* text = sqlite3_column_text(statement, column);
  if (text == nullptr) return {};
  return std::string(
      reinterpret_cast<const char*>(text),
      static_cast<size_t>(sqlite3_column_bytes(statement, column)));
}

}  // namespace regear::sqlite

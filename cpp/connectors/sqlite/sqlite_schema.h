// What SQLite says about a table.
#pragma once

#include <sqlite3.h>

#include <optional>
#include <string>

#include "base/status.h"
#include "change/connector.h"
#include "connectors/sql/target_table.h"

namespace regear::sqlite {

// Nothing if the table does not exist.
Result<std::optional<sql::TableSchema>> ReadTableSchema(
    sqlite3* database, const TableTarget& target);

Result<bool> TableIsThere(sqlite3* database, const std::string& table);

// A column's default as PRAGMA table_info prints it, as an expression. The
// two differ for DEFAULT abc and DEFAULT "abc", which mean the text abc in a
// column definition and the column abc in an expression.
std::string DefaultAsExpression(const std::string& printed);

}  // namespace regear::sqlite

// The statements that write rows, for one row or for many at once. Parameters
// of a row: the values of the columns that take one, in order, then the key's.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "connectors/mysql/mysql_values.h"
#include "connectors/sql/target_table.h"

namespace regear::mysql {

// A column that a statement writes.
struct WrittenColumn {
  size_t column;            // index into TargetTable::columns
  bool takes_value = true;  // else its default
  bool zoned = false;       // the value is a time in UTC
};

enum class OnDuplicate { kFail, kUpdate };

std::string InsertSql(const sql::TargetTable& table,
                      std::span<const WrittenColumn> columns,
                      OnDuplicate on_duplicate, size_t rows);

// With nothing to write it only tells whether the row is there.
std::string UpdateSql(const sql::TargetTable& table,
                      std::span<const WrittenColumn> columns, size_t rows);

std::string DeleteSql(const sql::TargetTable& table, size_t rows);

// The keys of those of the rows that are in the table, which get locked.
std::string ExistingSql(const sql::TargetTable& table, size_t rows);

// For each of a JSON array of texts in hex, the only parameter, something that
// is the same for those that the key column takes for the same.
std::string CanonicalSql(const sql::ColumnSchema& key);

}  // namespace regear::mysql

// The statements that write many rows of one table at once. Every parameter is
// an array with one element a row; unnest turns them back into rows. Where
// somebody waits for a single row, its values travel without arrays.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/postgres/pg_array.h"
#include "connectors/sql/row_shape.h"
#include "connectors/sql/target_table.h"

namespace regear::postgres {

// A column of the rows to write, in the order of the parameters.
struct SentColumn {
  size_t column;  // index into TargetTable::columns
  Wire wire;
};

enum class Form { kArrays, kOneRow };

// As what the key columns travel, in their order.
using Keys = std::span<const Wire>;

// The first parameters hold the key columns, then come the values of `sent`.
std::string UpsertSql(const sql::TargetTable& table, const sql::RowShape& shape,
                      Keys keys, std::span<const SentColumn> sent);
// The same in one statement with `move`, which is to touch a row. If it does
// not, nothing is written. Affects the rows only: to return whether it did
// would cost an eighth of the transaction.
std::string UpsertAndMoveSql(const sql::TargetTable& table,
                             const sql::RowShape& shape, Form form, Keys keys,
                             std::span<const SentColumn> sent,
                             const std::string& move);

std::string UpdateSql(const sql::TargetTable& table, const sql::RowShape& shape,
                      Keys keys, std::span<const SentColumn> sent);

// For rows of many shapes: each of `sent` takes two parameters, the states of
// its cells (EncodeStates) and their values.
std::string MaskedUpdateSql(const sql::TargetTable& table, Keys keys,
                            std::span<const SentColumn> sent);
// Inserts rows that are not there; skips those that are after all.
std::string MaskedInsertSql(const sql::TargetTable& table, Keys keys,
                            std::span<const SentColumn> sent);

std::string DeleteSql(const sql::TargetTable& table, Keys keys);

// The numbers, from 1, of the keys without a row.
std::string UnmatchedSql(const sql::TargetTable& table, Keys keys);

// For each value of this key column the number, from 1, of the first one that
// compares as the same.
std::string FirstEqualSql(const sql::ColumnSchema& key);

// Whether the text $1 loses something when it is converted to the column's
// type; fails if it cannot be converted.
std::string ProbeSql(const sql::ColumnSchema& column);

}  // namespace regear::postgres

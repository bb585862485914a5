#include "connectors/sqlite/sqlite_statements.h"

namespace regear::sqlite {

namespace {

// Beyond this many shapes all statements of a kind are dropped: a table with
// that many has too many to keep.
constexpr size_t kMaxCached = 256;

// The SQL of each written column's value: a parameter or the default.
std::vector<std::string> ValuesOf(const sql::TargetTable& table,
                                  const sql::RowShape& shape) {
  std::vector<std::string> values;
  size_t parameter = table.keys.size();
  for (size_t column : shape.Written()) {
    const bool value = shape.cells[column] == CellState::kValue;
    values.push_back(value ? SqliteDialect().Parameter(++parameter)
                           : sql::DefaultOf(table.columns[column]));
  }
  return values;
}

// "id" = ?1 AND …
std::string KeyMatches(const sql::TargetTable& table) {
  const sql::Dialect& dialect = SqliteDialect();
  std::string condition;
  for (size_t i = 0; i < table.keys.size(); ++i) {
    if (i > 0) condition += " AND ";
    condition +=
        dialect.Quote(table.keys[i].name) + " = " + dialect.Parameter(i + 1);
  }
  return condition;
}

}  // namespace

const sql::Dialect& SqliteDialect() {
  static const sql::Dialect kDialect({.parameter = "?"});
  return kDialect;
}

std::string UpsertSql(const sql::TargetTable& table,
                      const sql::RowShape& shape) {
  const sql::Dialect& dialect = SqliteDialect();
  std::vector<std::string> columns;
  const std::vector<std::string> keys = table.key_names();
  std::vector<std::string> names;
  std::vector<std::string> values;
  for (const std::string& key : keys) {
    names.push_back(dialect.Quote(key));
    values.push_back(dialect.Parameter(names.size()));
  }
  for (size_t column : shape.Written()) {
    columns.push_back(table.columns[column].name);
    names.push_back(dialect.Quote(columns.back()));
  }
  for (std::string& value : ValuesOf(table, shape)) {
    values.push_back(std::move(value));
  }
  return "INSERT INTO " + table.name + " (" + sql::JoinList(names) +
         ") VALUES (" + sql::JoinList(values) + ")" +
         (table.append ? "" : dialect.UpsertClause(keys, columns));
}

std::string UpdateSql(const sql::TargetTable& table,
                      const sql::RowShape& shape) {
  const sql::Dialect& dialect = SqliteDialect();
  const std::vector<std::string> values = ValuesOf(table, shape);
  const std::vector<size_t> written = shape.Written();
  std::vector<std::string> assignments;
  for (size_t i = 0; i < written.size(); ++i) {
    assignments.push_back(dialect.Quote(table.columns[written[i]].name) +
                          " = " + values[i]);
  }
  if (assignments.empty()) {
    const std::string same = dialect.Quote(table.touchable().name);
    assignments.push_back(same + " = " + same);
  }
  return "UPDATE " + table.name + " SET " + sql::JoinList(assignments) +
         " WHERE " + KeyMatches(table);
}

std::string DeleteSql(const sql::TargetTable& table) {
  return "DELETE FROM " + table.name + " WHERE " + KeyMatches(table);
}

template <typename MakeSql>
Result<sqlite3_stmt*> StatementCache::Find(Statements* statements,
                                           const sql::RowShape& shape,
                                           MakeSql make_sql) {
  const auto found = statements->find(shape);
  if (found != statements->end()) return found->second.get();
  auto statement = Prepare(database_, make_sql(*table_, shape));
  if (!statement.ok()) return statement.status();
  if (statements->size() >= kMaxCached) statements->clear();
  return statements->emplace(shape, *std::move(statement)).first->second.get();
}

Result<sqlite3_stmt*> StatementCache::Upsert(const sql::RowShape& shape) {
  return Find(&upserts_, shape, UpsertSql);
}

Result<sqlite3_stmt*> StatementCache::Update(const sql::RowShape& shape) {
  return Find(&updates_, shape, UpdateSql);
}

Result<sqlite3_stmt*> StatementCache::Delete() {
  if (delete_ == nullptr) {
    auto statement = Prepare(database_, DeleteSql(*table_));
    if (!statement.ok()) return statement.status();
    delete_ = *std::move(statement);
  }
  return delete_.get();
}

}  // namespace regear::sqlite

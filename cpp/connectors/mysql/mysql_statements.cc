#include "connectors/mysql/mysql_statements.h"

#include <string_view>

#include "connectors/mysql/mysql_keys.h"
#include "connectors/mysql/mysql_schema.h"
#include "connectors/sql/dialect.h"

namespace regear::mysql {

namespace {

std::string Quote(std::string_view name) { return MysqlDialect().Quote(name); }

// `text` so many times, separated.
std::string Repeat(const std::string& text, size_t times,
                   std::string_view separator) {
  std::string repeated = text;
  repeated.reserve(times * (text.size() + separator.size()));
  for (size_t i = 1; i < times; ++i) {
    repeated += separator;
    repeated += text;
  }
  return repeated;
}

// `value`, which is a time in UTC if the column is zoned, as the column's.
std::string Converted(const WrittenColumn& column, const std::string& value) {
  return column.zoned
             ? "CONVERT_TZ(" + value + ", '+00:00', @@session.time_zone)"
             : value;
}

std::string ValueOf(const WrittenColumn& column) {
  return column.takes_value ? Converted(column, "?") : "DEFAULT";
}

std::string Touch(const sql::TargetTable& table) {
  const std::string name = "t." + Quote(table.touchable().name);
  return name + " = " + name;
}

// "k = ?" for each key column.
std::string KeyIs(const sql::TargetTable& table) {
  std::string condition;
  for (const sql::ColumnSchema& key : table.keys) {
    if (!condition.empty()) condition += " AND ";
    condition += Quote(key.name) + " = ?";
  }
  return condition;
}

// The rows' keys, as the optimizer can look them up in an index: it does not
// for a list of tuples.
std::string KeyIsOneOf(const sql::TargetTable& table, size_t rows) {
  if (table.keys.size() == 1) {
    return Quote(table.keys.front().name) + " IN (" + Repeat("?", rows, ", ") +
           ")";
  }
  return Repeat("(" + KeyIs(table) + ")", rows, " OR ");
}

// Text as the server compares it with the column: what comes from a derived
// table has a collation of its own, which may not mix with the column's.
std::string AsColumn(const std::string& value,
                     const sql::ColumnSchema& column) {
  if (column.collation.empty()) return value;
  return "CONVERT(" + value + " USING " + CharsetOf(column.collation) +
         ") COLLATE " + column.collation;
}

// A parameter in the first row of a derived table gives its column the type.
std::string TypedParameter(const sql::ColumnSchema& column) {
  switch (TypeOfColumn(column).kind) {
    case ValueKind::kBytes:
      return "CAST(? AS BINARY)";
    case ValueKind::kInteger:
    case ValueKind::kBoolean:
      return "CAST(? AS SIGNED)";
    case ValueKind::kUnsigned:
    case ValueKind::kBits:
      return "CAST(? AS UNSIGNED)";
    case ValueKind::kReal:
      return "CAST(? AS DOUBLE)";
    default:
      return "CAST(? AS CHAR)";
  }
}

// Many rows: a join with a table made of the parameters.
std::string JoinedUpdate(const sql::TargetTable& table,
                         std::span<const WrittenColumn> columns, size_t rows) {
  std::vector<std::string> fields;
  std::vector<std::string> assignments;
  std::string condition;
  for (const WrittenColumn& column : columns) {
    const sql::ColumnSchema& schema = table.columns[column.column];
    const std::string name = "t." + Quote(schema.name) + " = ";
    if (!column.takes_value) {
      assignments.push_back(name + "DEFAULT");
      continue;
    }
    const std::string field = "v" + std::to_string(column.column);
    fields.push_back(TypedParameter(schema) + " AS " + field);
    assignments.push_back(name + Converted(column, "d." + field));
  }
  for (size_t i = 0; i < table.keys.size(); ++i) {
    const sql::ColumnSchema& key = table.keys[i];
    const std::string field = "k" + std::to_string(i);
    fields.push_back(TypedParameter(key) + " AS " + field);
    condition += (i > 0 ? " AND t." : "t.") + Quote(key.name) + " = " +
                 AsColumn("d." + field, key);
  }
  if (assignments.empty()) assignments.push_back(Touch(table));
  return "UPDATE " + table.name + " AS t JOIN (" +
         Repeat("SELECT " + sql::JoinList(fields), rows, " UNION ALL ") +
         ") AS d ON " + condition + " SET " + sql::JoinList(assignments);
}

}  // namespace

std::string InsertSql(const sql::TargetTable& table,
                      std::span<const WrittenColumn> columns,
                      OnDuplicate on_duplicate, size_t rows) {
  std::vector<std::string> names;
  std::vector<std::string> values;
  std::vector<std::string> written;
  for (const WrittenColumn& column : columns) {
    written.push_back(table.columns[column.column].name);
    names.push_back(Quote(written.back()));
    values.push_back(ValueOf(column));
  }
  for (const sql::ColumnSchema& key : table.keys) {
    names.push_back(Quote(key.name));
    values.emplace_back("?");
  }
  return "INSERT INTO " + table.name + " (" + sql::JoinList(names) +
         ") VALUES " + Repeat("(" + sql::JoinList(values) + ")", rows, ", ") +
         (on_duplicate == OnDuplicate::kUpdate
              ? MysqlDialect().UpsertClause(table.key_names(), written)
              : "");
}

std::string UpdateSql(const sql::TargetTable& table,
                      std::span<const WrittenColumn> columns, size_t rows) {
  if (rows > 1) return JoinedUpdate(table, columns, rows);
  std::vector<std::string> assignments;
  for (const WrittenColumn& column : columns) {
    assignments.push_back(Quote(table.columns[column.column].name) + " = " +
                          ValueOf(column));
  }
  if (assignments.empty()) assignments.push_back(Touch(table));
  return "UPDATE " + table.name + " AS t SET " + sql::JoinList(assignments) +
         " WHERE " + KeyIs(table);
}

std::string DeleteSql(const sql::TargetTable& table, size_t rows) {
  return "DELETE FROM " + table.name + " WHERE " +
         (rows == 1 ? KeyIs(table) : KeyIsOneOf(table, rows));
}

std::string ExistingSql(const sql::TargetTable& table, size_t rows) {
  return "SELECT " + MysqlDialect().QuoteList(table.key_names()) + " FROM " +
         table.name + " WHERE " + KeyIsOneOf(table, rows) + " FOR UPDATE";
}

std::string CanonicalSql(const sql::ColumnSchema& key) {
  return "SELECT " + CanonicalOf(key, "UNHEX(j.h)") +
         " FROM JSON_TABLE(?, '$[*]' COLUMNS "
         "(i FOR ORDINALITY, h LONGTEXT PATH '$')) AS j ORDER BY j.i";
}

}  // namespace regear::mysql

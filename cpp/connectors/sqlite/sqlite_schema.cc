#include "connectors/sqlite/sqlite_schema.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "connectors/sql/dialect.h"
#include "connectors/sqlite/sqlite_handle.h"
#include "connectors/sqlite/sqlite_status.h"
#include "connectors/sqlite/sqlite_values.h"

namespace regear::sqlite {

namespace {

struct TableName {
  std::string schema;
  std::string table;
};

TableName ParseName(const std::string& name) {
  const auto parts = sql::SplitTableName(name);
  if (parts.size() < 2) return {"main", parts.back()};
  return {parts[parts.size() - 2], parts.back()};
}

void BindCopy(sqlite3_stmt* statement, int parameter, const std::string& text) {
  sqlite3_bind_text(statement, parameter, text.c_str(),
                    static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

// Prepares `query` and binds copies of the table's and the schema's name.
Result<StatementHandle> Ask(sqlite3* database, std::string_view query,
                            const TableName& name) {
  auto statement = Prepare(database, query);
  if (!statement.ok()) return statement;
  BindCopy(statement->get(), 1, name.table);
  BindCopy(statement->get(), 2, name.schema);
  return statement;
}

// The outcome of stepping to the end of the rows.
Status Finish(sqlite3* database, int code) {
  return code == SQLITE_DONE ? Status::Ok() : StatusFromDatabase(database);
}

sql::ColumnSchema ReadColumn(sqlite3_stmt* row) {
  constexpr int kVirtualGenerated = 2;
  constexpr int kStoredGenerated = 3;
  sql::ColumnSchema column;
  column.name = ColumnText(row, 0);
  column.type = column.base_type = ColumnText(row, 1);
  column.not_null = sqlite3_column_int(row, 2) != 0;
  column.default_expression = DefaultAsExpression(ColumnText(row, 3));
  const int hidden = sqlite3_column_int(row, 5);
  column.generated = hidden == kVirtualGenerated || hidden == kStoredGenerated;
  return column;
}

// Reads the columns and the primary key.
Status ReadColumns(sqlite3* database, const TableName& name,
                   sql::TableSchema* schema) {
  auto query = Ask(database,
                   "SELECT name, type, \"notnull\", dflt_value, pk, hidden "
                   "FROM pragma_table_xinfo(?1, ?2)",
                   name);
  if (!query.ok()) return query.status();
  sqlite3_stmt* row = query->get();
  std::set<std::string> primary_key;
  int code = 0;
  while ((code = sqlite3_step(row)) == SQLITE_ROW) {
    schema->columns.push_back(ReadColumn(row));
    if (sqlite3_column_int(row, 4) == 0) continue;
    primary_key.insert(schema->columns.back().name);
  }
  if (!primary_key.empty()) {
    schema->unique_keys.push_back(std::move(primary_key));
  }
  return Finish(database, code);
}

Status ReadUniqueIndexes(sqlite3* database, const TableName& name,
                         sql::TableSchema* schema) {
  // The name of an indexed expression is NULL.
  auto query = Ask(database,
                   "SELECT l.seq, i.name FROM pragma_index_list(?1, ?2) l "
                   "JOIN pragma_index_info(l.name, ?2) i "
                   "WHERE l.\"unique\" AND NOT l.partial",
                   name);
  if (!query.ok()) return query.status();
  std::map<int, std::set<std::string>> indexes;
  int code = 0;
  while ((code = sqlite3_step(query->get())) == SQLITE_ROW) {
    indexes[sqlite3_column_int(query->get(), 0)].insert(
        ColumnText(query->get(), 1));
  }
  for (auto& [number, columns] : indexes) {
    if (columns.contains("")) continue;
    schema->unique_keys.push_back(std::move(columns));
  }
  return Finish(database, code);
}

Status ReadIndexed(sqlite3* database, const TableName& name,
                   sql::TableSchema* schema) {
  auto query = Ask(database,
                   "SELECT i.name FROM pragma_index_list(?1, ?2) l "
                   "JOIN pragma_index_info(l.name, ?2) i "
                   "WHERE i.seqno = 0 AND NOT l.partial",
                   name);
  if (!query.ok()) return query.status();
  int code = 0;
  while ((code = sqlite3_step(query->get())) == SQLITE_ROW) {
    schema->indexed.insert(ColumnText(query->get(), 0));
  }
  return Finish(database, code);
}

// kStop for a view: no upsert goes into one.
Status CheckIsTable(sqlite3* database, const TableName& name) {
  auto query = Ask(database,
                   "SELECT 1 FROM pragma_table_list(?1) "
                   "WHERE schema = ?2 AND type = 'view'",
                   name);
  if (!query.ok()) return query.status();
  const int code = sqlite3_step(query->get());
  if (code != SQLITE_ROW) return Finish(database, code);
  return Status(StatusCode::kStop, name.table + " is a view, not a table",
                "name the table behind it in the recipe");
}

sql::KeyIdentity IdentityOf(sqlite3* database, const TableName& name,
                            const sql::ColumnSchema& key) {
  const ValueKind kind = KindOfType(key.type);
  if (kind == ValueKind::kBlob) return sql::KeyIdentity::kBytes;
  if (kind != ValueKind::kText) return sql::KeyIdentity::kNumber;
  const char* collation = nullptr;
  sqlite3_table_column_metadata(database, name.schema.c_str(),
                                name.table.c_str(), key.name.c_str(), nullptr,
                                &collation, nullptr, nullptr, nullptr);
  const std::string_view collates = collation == nullptr ? "" : collation;
  if (collates == "NOCASE") return sql::KeyIdentity::kAsciiNoCase;
  if (collates == "RTRIM") return sql::KeyIdentity::kTrailingBlanks;
  return sql::KeyIdentity::kBytes;
}

bool IsBareWord(const std::string& text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0]))) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '$' || c >= 0x80;
  });
}

bool IsKeyword(std::string_view word) {
  constexpr std::array<std::string_view, 6> kKeywords = {
      "NULL",         "TRUE",         "FALSE",
      "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"};
  return std::any_of(
      kKeywords.begin(), kKeywords.end(), [word](std::string_view keyword) {
        return std::equal(
            word.begin(), word.end(), keyword.begin(), keyword.end(),
            [](unsigned char a, char b) { return std::toupper(a) == b; });
      });
}

}  // namespace

Result<std::optional<sql::TableSchema>> ReadTableSchema(
    sqlite3* database, const TableTarget& target) {
  const TableName name = ParseName(target.table);
  sql::TableSchema schema;
  schema.name = target.table;
  REGEAR_RETURN_IF_ERROR(ReadColumns(database, name, &schema));
  if (schema.columns.empty()) return std::optional<sql::TableSchema>();
  REGEAR_RETURN_IF_ERROR(CheckIsTable(database, name));
  REGEAR_RETURN_IF_ERROR(ReadUniqueIndexes(database, name, &schema));
  if (target.append) {
    REGEAR_RETURN_IF_ERROR(ReadIndexed(database, name, &schema));
  }
  for (sql::ColumnSchema& column : schema.columns) {
    column.key_identity = IdentityOf(database, name, column);
  }
  return std::optional(std::move(schema));
}

Result<bool> TableIsThere(sqlite3* database, const std::string& table) {
  auto query = Ask(database, "SELECT 1 FROM pragma_table_xinfo(?1, ?2)",
                   ParseName(table));
  if (!query.ok()) return query.status();
  const int code = sqlite3_step(query->get());
  if (code == SQLITE_ROW) return true;
  REGEAR_RETURN_IF_ERROR(Finish(database, code));
  return false;
}

std::string DefaultAsExpression(const std::string& printed) {
  if (IsBareWord(printed) && !IsKeyword(printed)) {
    return sql::QuoteLiteral(printed);
  }
  if (printed.size() >= 2 && printed.front() == '"') {
    return sql::QuoteLiteral(sql::SplitTableName(printed).front());
  }
  return printed;
}

}  // namespace regear::sqlite

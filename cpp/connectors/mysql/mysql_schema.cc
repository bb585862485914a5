#include "connectors/mysql/mysql_schema.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "connectors/mysql/mysql_status.h"

namespace regear::mysql {

namespace {

using Rows = std::vector<Session::Row>;

// ON DUPLICATE KEY UPDATE has no way to do nothing and say so; INSERT IGNORE
// has. VALUES() is what both MariaDB and every MySQL understand.
class Dialect : public sql::Dialect {
 public:
  Dialect()
      : sql::Dialect({.quote = '`',
                      .parameter = "?",
                      .numbered = false,
                      .key_type = "varchar(255)",
                      .varchar_type = "varchar(512) CHARACTER SET utf8mb4 "
                                      "COLLATE utf8mb4_bin",
                      .long_text_type = "LONGTEXT CHARACTER SET utf8mb4 "
                                        "COLLATE utf8mb4_bin",
                      .cast_text_type = "CHAR"}) {}

  // A number that is compared with a text would be compared as a double.
  std::string ParameterOfType(size_t, const std::string& type) const override {
    return type.ends_with("int") ? "CAST(? AS DECIMAL(65))" : "?";
  }

  std::string InsertMissing(
      const std::string& table, std::span<const std::string>,
      std::span<const std::string> columns) const override {
    return "INSERT IGNORE INTO " + Values(table, columns);
  }

  std::string UpsertClause(
      std::span<const std::string> keys,
      std::span<const std::string> columns) const override {
    std::vector<std::string> assignments;
    for (const std::string& column : columns) {
      const std::string name = Quote(column);
      assignments.push_back(name + " = VALUES(" + name + ")");
    }
    if (columns.empty()) {
      assignments.push_back(Quote(keys[0]) + " = " + Quote(keys[0]));
    }
    return " ON DUPLICATE KEY UPDATE " + sql::JoinList(assignments);
  }
};

struct TableName {
  std::string schema;  // empty: the connection's
  std::string table;
};

TableName ParseName(const std::string& name) {
  const auto parts = sql::SplitTableName(name);
  if (parts.size() < 2) return {"", parts.back()};
  return {parts[parts.size() - 2], parts.back()};
}

std::string Text(const Session::Row& row, size_t column) {
  return row[column].value_or("");
}

// A query about tables, whose condition starts with the schema's.
Result<Rows> Ask(Session* session, const std::string& query,
                 const TableName& name, const std::string& condition) {
  const std::vector<std::string> parameters = {name.schema, name.table};
  return session->Query(query +
                            " WHERE t.TABLE_SCHEMA = "
                            "COALESCE(NULLIF(?, ''), DATABASE()) AND " +
                            condition,
                        parameters);
}

// `statement` is one that the server lets the user run?
Status CheckAllowed(Session* session, const std::string& statement,
                    const std::string& table, const char* privileges) {
  Status status = session->Check(statement);
  if (status.ok() || status.code() != StatusCode::kStop) return status;
  const bool denied = status.message().ends_with("(errno 1142)") ||
                      status.message().ends_with("(errno 1143)");
  if (!denied) return status;
  const auto user = session->Query("SELECT CURRENT_USER()", {});
  if (!user.ok()) return status;
  const std::string account = Text(user->front(), 0);
  const size_t at = account.rfind('@');
  const sql::Dialect& dialect = MysqlDialect();
  return Status(StatusCode::kStop, status.message(),
                "GRANT " + std::string(privileges) + " ON " +
                    dialect.QuoteTable(table) + " TO " +
                    dialect.Quote(account.substr(0, at)) + "@" +
                    dialect.Quote(account.substr(at + 1)));
}

constexpr char kAllPrivileges[] = "SELECT, INSERT, UPDATE, DELETE";

// kStop, with the GRANT as hint, if the user may not write the table. Rights
// on single columns show when they are written.
Status CheckPrivileges(Session* session, const sql::TableSchema& schema) {
  const std::string table = MysqlDialect().QuoteTable(schema.name);
  const std::string column = MysqlDialect().Quote(schema.columns.front().name);
  for (const std::string& statement :
       {"SELECT " + column + " FROM " + table,
        "UPDATE " + table + " SET " + column + " = " + column,
        "DELETE FROM " + table}) {
    REGEAR_RETURN_IF_ERROR(
        CheckAllowed(session, statement, schema.name, kAllPrivileges));
  }
  return Status::Ok();
}

// As the table is really spelled; nothing if there is none that the user may
// see.
Result<std::optional<std::string>> FindTable(Session* session,
                                             const TableName& name) {
  const std::string query =
      "SELECT t.TABLE_NAME FROM information_schema.TABLES t";
  for (const char* condition :
       {"t.TABLE_NAME = ?", "LOWER(t.TABLE_NAME) = LOWER(?)"}) {
    const auto rows = Ask(session, query, name, condition);
    if (!rows.ok()) return rows.status();
    if (rows->size() == 1) return std::optional(Text(rows->front(), 0));
  }
  return std::optional<std::string>();
}

Status CheckEngine(Session* session, const TableName& name,
                   const std::string& table) {
  const auto rows = Ask(session,
                        "SELECT t.ENGINE FROM information_schema.TABLES t "
                        "JOIN information_schema.ENGINES e "
                        "ON e.ENGINE = t.ENGINE AND e.TRANSACTIONS = 'NO'",
                        name, "t.TABLE_NAME = ?");
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return Status::Ok();
  return Status(
      StatusCode::kStop,
      "table " + table + " is kept by the engine " + Text(rows->front(), 0) +
          ", which has no transactions",
      "ALTER TABLE " + MysqlDialect().QuoteTable(table) + " ENGINE = InnoDB");
}

// kStop for a view: no upsert goes into one.
Status CheckIsTable(Session* session, const TableName& name,
                    const std::string& table) {
  const auto rows = Ask(session, "SELECT 1 FROM information_schema.TABLES t",
                        name, "t.TABLE_NAME = ? AND t.TABLE_TYPE LIKE '%VIEW'");
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return Status::Ok();
  return Status(StatusCode::kStop, table + " is a view, not a table",
                "name the table behind it in the recipe");
}

// Whether two texts that differ are equal to a collation. Those whose answer
// is not known here have to be asked (mysql_keys.h).
sql::KeyIdentity IdentityOf(const sql::ColumnSchema& column) {
  const std::string& type = column.base_type;
  const std::string& collation = column.collation;
  if (type.ends_with("int")) return sql::KeyIdentity::kNumber;
  if (type == "uuid") return sql::KeyIdentity::kUuid;
  if (type == "varbinary" || type.ends_with("blob")) {
    return sql::KeyIdentity::kBytes;
  }
  const bool text = type.ends_with("char") || type.ends_with("text");
  if (text && collation.ends_with("_nopad_bin")) {
    return type == "char" ? sql::KeyIdentity::kTrailingBlanks
                          : sql::KeyIdentity::kBytes;
  }
  if (text && collation.ends_with("_bin")) {
    return sql::KeyIdentity::kTrailingBlanks;
  }
  return sql::KeyIdentity::kAskDatabase;
}

sql::ColumnSchema ReadColumn(const Session::Row& row) {
  sql::ColumnSchema column;
  column.name = Text(row, 0);
  column.type = Text(row, 1);
  column.base_type = Text(row, 2);
  column.not_null = row[3] == "NO";
  const std::string extra = Text(row, 5);
  column.identity = extra.find("auto_increment") != std::string::npos;
  // Not DEFAULT_GENERATED, which is how MySQL says that a default is computed.
  column.generated = extra.find("VIRTUAL GENERATED") != std::string::npos ||
                     extra.find("STORED GENERATED") != std::string::npos ||
                     extra.find("PERSISTENT") != std::string::npos;
  // MariaDB tells the absence of a default as this word.
  if (!column.generated && row[4] && *row[4] != "NULL") {
    column.default_expression =
        "DEFAULT(" + MysqlDialect().Quote(column.name) + ")";
  }
  column.collation = Text(row, 6);
  column.key_identity = IdentityOf(column);
  return column;
}

// No number that is sent equals a FLOAT, which has lost digits of it.
Status CheckKeyTypes(const sql::TableSchema& schema,
                     const TableTarget& target) {
  const sql::Dialect& dialect = MysqlDialect();
  for (const std::string& name : target.primary_key) {
    const sql::ColumnSchema* key = schema.Find(name);
    if (key == nullptr || key->base_type != "float") continue;
    return Status(StatusCode::kStop,
                  "column " + key->name + " of table " + schema.name +
                      " is a FLOAT and cannot be the key: nothing equals it",
                  "ALTER TABLE " + dialect.QuoteTable(schema.name) +
                      " MODIFY " + dialect.Quote(key->name) +
                      " DOUBLE NOT NULL");
  }
  return Status::Ok();
}

// The columns of each unique index; an empty name stands for an expression or
// the beginning of a value.
Result<std::vector<std::set<std::string>>> ReadUniqueIndexes(
    Session* session, const TableName& name) {
  const auto rows = Ask(session,
                        "SELECT t.INDEX_NAME, t.COLUMN_NAME, t.SUB_PART "
                        "FROM information_schema.STATISTICS t",
                        name, "t.TABLE_NAME = ? AND t.NON_UNIQUE = 0");
  if (!rows.ok()) return rows.status();
  std::map<std::string, std::set<std::string>> indexes;
  for (const Session::Row& row : *rows) {
    indexes[Text(row, 0)].insert(row[2] ? "" : Text(row, 1));
  }
  std::vector<std::set<std::string>> unique;
  unique.reserve(indexes.size());
  for (auto& [index, columns] : indexes) unique.push_back(std::move(columns));
  return unique;
}

Status ReadIndexed(Session* session, const TableName& name,
                   sql::TableSchema* schema) {
  const auto rows =
      Ask(session, "SELECT t.COLUMN_NAME FROM information_schema.STATISTICS t",
          name, "t.TABLE_NAME = ? AND t.SEQ_IN_INDEX = 1");
  if (!rows.ok()) return rows.status();
  for (const Session::Row& row : *rows) schema->indexed.insert(Text(row, 0));
  return Status::Ok();
}

Status ReadColumns(Session* session, const TableName& name,
                   sql::TableSchema* schema) {
  const auto rows =
      Ask(session,
          "SELECT t.COLUMN_NAME, t.COLUMN_TYPE, LOWER(t.DATA_TYPE), "
          "t.IS_NULLABLE, t.COLUMN_DEFAULT, t.EXTRA, t.COLLATION_NAME "
          "FROM information_schema.COLUMNS t",
          name, "t.TABLE_NAME = ? ORDER BY t.ORDINAL_POSITION");
  if (!rows.ok()) return rows.status();
  for (const Session::Row& row : *rows) {
    schema->columns.push_back(ReadColumn(row));
  }
  return Status::Ok();
}

void AddUniqueIndexes(std::vector<std::set<std::string>> indexes,
                      const TableTarget& target, TableFacts* facts) {
  std::set<std::string> key;
  for (const std::string& name : target.primary_key) {
    const sql::ColumnSchema* column = facts->schema.Find(name);
    if (column != nullptr) key.insert(column->name);
  }
  for (std::set<std::string>& columns : indexes) {
    if (columns != key) facts->other_unique = true;
    if (!columns.contains("")) {
      facts->schema.unique_keys.push_back(std::move(columns));
    }
  }
}

}  // namespace

const sql::Dialect& MysqlDialect() {
  static const Dialect kDialect;
  return kDialect;
}

Result<std::optional<TableFacts>> ReadTableFacts(Session* session,
                                                 const TableTarget& target) {
  TableName name = ParseName(target.table);
  const auto found = FindTable(session, name);
  if (!found.ok()) return found.status();
  if (!*found) {
    // A table on which the user has no right at all is not listed.
    const Status allowed = CheckAllowed(
        session, "SELECT 1 FROM " + MysqlDialect().QuoteTable(target.table),
        target.table, kAllPrivileges);
    if (allowed.code() == StatusCode::kStop && !allowed.hint().empty()) {
      return allowed;
    }
    return std::optional<TableFacts>();
  }
  name.table = **found;
  TableFacts facts;
  facts.schema.name = name.schema.empty()
                          ? MysqlDialect().Quote(name.table)
                          : MysqlDialect().Quote(name.schema) + "." +
                                MysqlDialect().Quote(name.table);
  if (name.table == sql::SplitTableName(target.table).back()) {
    facts.schema.name = target.table;
  }
  REGEAR_RETURN_IF_ERROR(CheckIsTable(session, name, target.table));
  REGEAR_RETURN_IF_ERROR(CheckEngine(session, name, target.table));
  REGEAR_RETURN_IF_ERROR(ReadColumns(session, name, &facts.schema));
  REGEAR_RETURN_IF_ERROR(CheckKeyTypes(facts.schema, target));
  auto unique = ReadUniqueIndexes(session, name);
  if (!unique.ok()) return unique.status();
  AddUniqueIndexes(*std::move(unique), target, &facts);
  if (target.append) {
    REGEAR_RETURN_IF_ERROR(ReadIndexed(session, name, &facts.schema));
  }
  REGEAR_RETURN_IF_ERROR(CheckPrivileges(session, facts.schema));
  return std::optional(std::move(facts));
}

Result<bool> CheckpointTableIsThere(Session* session,
                                    const std::string& table) {
  const TableName name = ParseName(table);
  const std::string quoted = MysqlDialect().QuoteTable(table);
  // A table that the user may not read may not exist either: with CREATE the
  // GRANT is one that mends both.
  constexpr char kPrivileges[] = "SELECT, INSERT, UPDATE, CREATE";
  for (const std::string& statement :
       {"SELECT val FROM " + quoted + " WHERE id = ?",
        "UPDATE " + quoted + " SET val = ? WHERE id = ?",
        "INSERT INTO " + quoted + " (id, val) VALUES (?, ?)"}) {
    const Status status = CheckAllowed(session, statement, table, kPrivileges);
    if (status.message().ends_with("(errno 1146)")) return false;
    REGEAR_RETURN_IF_ERROR(status);
  }
  return true;
}

}  // namespace regear::mysql

#include "connectors/postgres/pg_schema.h"

#include <algorithm>
#include <cctype>
#include <pqxx/result>

namespace regear::postgres {

namespace {

// $1 the table as it is spelled, $2 as it would be without quotes. The casts
// leave out a type's length, because casting to varchar(3) cuts text off where
// assigning it is an error; a domain's base type for the same reason.
constexpr char kColumnsQuery[] = R"sql(
SELECT a.attname,
       format_type(a.atttypid, a.atttypmod),
       format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype
                                  ELSE a.atttypid END, -1),
       a.attnotnull OR t.typnotnull,
       coalesce(pg_get_expr(d.adbin, d.adrelid),
                pg_get_expr(t.typdefaultbin, 0), ''),
       a.attidentity, a.attgenerated,
       EXISTS (SELECT FROM pg_index i
               WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indisvalid
                 AND i.indimmediate AND i.indnkeyatts = 1
                 AND i.indkey[0] = a.attnum AND i.indpred IS NULL),
       CASE WHEN l.oid IS NULL OR l.collname = 'default' THEN ''
            ELSE quote_ident(n.nspname) || '.' || quote_ident(l.collname) END,
       coalesce(NOT l.collisdeterministic, false),
       c.relname
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_namespace n ON n.oid = l.collnamespace
WHERE c.oid = coalesce(to_regclass($1), to_regclass($2))
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum)sql";

constexpr char kPrivilegesQuery[] = R"sql(
SELECT has_any_column_privilege(c, 'SELECT')
       AND has_any_column_privilege(c, 'INSERT')
       AND has_any_column_privilege(c, 'UPDATE')
       AND (has_table_privilege(c, 'DELETE') OR NOT $2::bool),
       quote_ident(current_user::text)
FROM (SELECT to_regclass($1)::oid) AS t(c))sql";

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return text;
}

sql::ColumnSchema ReadColumn(const pqxx::row& row) {
  sql::ColumnSchema column;
  column.name = row[0].c_str();
  column.type = row[1].c_str();
  column.base_type = row[2].c_str();
  column.not_null = row[3].as<bool>();
  column.generated = *row[6].c_str() != '\0';
  if (!column.generated) column.default_expression = row[4].c_str();
  column.identity = *row[5].c_str() != '\0';
  column.identity_always = *row[5].c_str() == 'a';
  column.unique = row[7].as<bool>();
  column.collation = row[8].c_str();
  return column;
}

sql::KeyIdentity IdentityOf(const sql::ColumnSchema& key, bool deterministic) {
  const std::string& type = key.base_type;
  if (type == "smallint" || type == "integer" || type == "bigint") {
    return sql::KeyIdentity::kNumber;
  }
  if (type == "uuid") return sql::KeyIdentity::kUuid;
  const bool bytes =
      type == "text" || type == "character varying" || type == "bytea";
  return bytes && deterministic ? sql::KeyIdentity::kBytes
                                : sql::KeyIdentity::kAskDatabase;
}

// `table` with its last part replaced by how the catalog spells it.
std::string Respell(const std::string& table, const std::string& relname) {
  const auto parts = sql::SplitTableName(table);
  if (parts.back() == relname) return table;
  return Lower(table);
}

// kStop, with the GRANT as hint, if the user may not write `table`.
Status CheckPrivileges(pqxx::transaction_base* work, const std::string& table,
                       bool deletes) {
  const std::string quoted = PostgresDialect().QuoteTable(table);
  const pqxx::row row = work->exec_params1(kPrivilegesQuery, quoted, deletes);
  if (row[0].as<bool>()) return Status::Ok();
  return Status(StatusCode::kStop, "permission denied for table " + table,
                std::string("GRANT SELECT, INSERT, UPDATE") +
                    (deletes ? ", DELETE" : "") + " ON " + quoted + " TO " +
                    row[1].c_str());
}

}  // namespace

const sql::Dialect& PostgresDialect() {
  static const sql::Dialect kDialect({.parameter = "$"});
  return kDialect;
}

Result<std::optional<sql::TableSchema>> ReadTableSchema(
    pqxx::transaction_base* work, const TableTarget& target) {
  const sql::Dialect& dialect = PostgresDialect();
  const pqxx::result rows =
      work->exec_params(kColumnsQuery, dialect.QuoteTable(target.table),
                        dialect.QuoteTable(Lower(target.table)));
  if (rows.empty()) return std::optional<sql::TableSchema>();
  sql::TableSchema schema;
  schema.name = Respell(target.table, rows[0][10].c_str());
  REGEAR_RETURN_IF_ERROR(CheckPrivileges(work, schema.name, /*deletes=*/true));
  for (const pqxx::row& row : rows) schema.columns.push_back(ReadColumn(row));
  if (const sql::ColumnSchema* key = schema.Find(target.primary_key)) {
    const auto at =
        static_cast<pqxx::result::size_type>(key - schema.columns.data());
    schema.key_identity = IdentityOf(*key, !rows[at][9].as<bool>());
  }
  return std::optional(std::move(schema));
}

Result<bool> CheckpointTableIsThere(pqxx::transaction_base* work,
                                    const std::string& table) {
  const pqxx::row row = work->exec_params1("SELECT to_regclass($1) IS NOT NULL",
                                           PostgresDialect().QuoteTable(table));
  if (!row[0].as<bool>()) return false;
  REGEAR_RETURN_IF_ERROR(CheckPrivileges(work, table, /*deletes=*/false));
  return true;
}

}  // namespace regear::postgres

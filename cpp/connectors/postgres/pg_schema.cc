#include "connectors/postgres/pg_schema.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <pqxx/result>
#include <set>
#include <utility>

#include "connectors/postgres/pg_privileges.h"

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

// Unique indexes of the columns alone that cover all rows and are checked at
// once: one row a column, with the index's number.
constexpr char kUniqueQuery[] = R"sql(
SELECT i.indexrelid, a.attname
FROM pg_index i
CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k(attnum, at)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid
  AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
  AND k.at <= i.indnkeyatts)sql";

// The columns with which an index of all rows begins.
constexpr char kIndexedQuery[] = R"sql(
SELECT a.attname
FROM pg_index i
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indrelid = to_regclass($1) AND i.indisvalid
  AND i.indpred IS NULL)sql";

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return text;
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
  column.collation = row[7].c_str();
  column.key_identity = IdentityOf(column, !row[8].as<bool>());
  return column;
}

void ReadUniqueKeys(pqxx::transaction_base* work, sql::TableSchema* schema) {
  std::map<std::string, std::set<std::string>> indexes;
  for (const pqxx::row& row : work->exec_params(
           kUniqueQuery, PostgresDialect().QuoteTable(schema->name))) {
    indexes[row[0].c_str()].insert(row[1].c_str());
  }
  for (auto& [index, columns] : indexes) {
    schema->unique_keys.push_back(std::move(columns));
  }
}

void ReadIndexed(pqxx::transaction_base* work, sql::TableSchema* schema) {
  for (const pqxx::row& row : work->exec_params(
           kIndexedQuery, PostgresDialect().QuoteTable(schema->name))) {
    schema->indexed.insert(row[0].c_str());
  }
}

// `table` with its last part replaced by how the catalog spells it.
std::string Respell(const std::string& table, const std::string& relname) {
  const auto parts = sql::SplitTableName(table);
  if (parts.back() == relname) return table;
  return Lower(table);
}

}  // namespace

const sql::Dialect& PostgresDialect() {
  static const sql::Dialect kDialect({.parameter = "$", .drop_not_null = true});
  return kDialect;
}

Result<std::optional<sql::TableSchema>> ReadTableSchema(
    pqxx::transaction_base* work, const TableTarget& target) {
  const sql::Dialect& dialect = PostgresDialect();
  REGEAR_RETURN_IF_ERROR(CheckSchemaVisible(work, target.table));
  const pqxx::result rows =
      work->exec_params(kColumnsQuery, dialect.QuoteTable(target.table),
                        dialect.QuoteTable(Lower(target.table)));
  if (rows.empty()) {
    REGEAR_RETURN_IF_ERROR(CheckNotElsewhere(work, target.table));
    return std::optional<sql::TableSchema>();
  }
  sql::TableSchema schema;
  schema.name = Respell(target.table, rows[0][9].c_str());
  REGEAR_RETURN_IF_ERROR(CheckIsTable(work, schema.name));
  for (const pqxx::row& row : rows) schema.columns.push_back(ReadColumn(row));
  ReadUniqueKeys(work, &schema);
  if (target.append) ReadIndexed(work, &schema);
  return std::optional(std::move(schema));
}

}  // namespace regear::postgres

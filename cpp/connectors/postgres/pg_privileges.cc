#include "connectors/postgres/pg_privileges.h"

#include <pqxx/result>

#include "connectors/postgres/pg_schema.h"
#include "connectors/sql/dialect.h"

namespace regear::postgres {

namespace {

// $1 the table, $2 a privilege. Privileges of single columns are taken for
// enough: which columns a batch writes, only the batch knows.
constexpr char kPrivilegeQuery[] =
    "SELECT has_table_privilege($1::regclass, $2) OR ($2 <> 'DELETE' AND "
    "has_any_column_privilege($1::regclass, $2))";

// Relations of the name $1 that the search path does not lead to, the schemas
// on the path that the user may not use first.
constexpr char kElsewhereQuery[] = R"sql(
SELECT n.nspname, has_schema_privilege(n.oid, 'USAGE'), quote_ident(n.nspname),
       p.at IS NOT NULL
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN unnest(regexp_split_to_array(
       replace(current_setting('search_path'), '"$user"', current_user),
       '\s*,\s*'))
  WITH ORDINALITY AS p(name, at) ON p.name = quote_ident(n.nspname)
WHERE c.relname = $1::text AND c.relkind IN ('r', 'p')
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
ORDER BY p.at NULLS LAST, 1 LIMIT 1)sql";

// What kind of relation $1 is, and the tables that a view shows.
constexpr char kKindQuery[] = R"sql(
SELECT c.relkind,
       coalesce((SELECT string_agg(DISTINCT d.refobjid::regclass::text, ', ')
                 FROM pg_rewrite r JOIN pg_depend d ON d.objid = r.oid
                 WHERE r.ev_class = c.oid AND d.refclassid = 'pg_class'::regclass
                   AND d.refobjid <> c.oid), '')
FROM pg_class c WHERE c.oid = $1::regclass)sql";

std::string Quoted(const std::string& table) {
  return PostgresDialect().QuoteTable(table);
}

// The user as an identifier.
std::string User(pqxx::transaction_base* work) {
  return work->exec1("SELECT quote_ident(current_user::text)")[0].c_str();
}

// The schema that `table` names; empty if none.
std::string SchemaOf(const std::string& table) {
  const auto parts = sql::SplitTableName(table);
  return parts.size() < 2 ? "" : parts[parts.size() - 2];
}

std::string GrantUsage(pqxx::transaction_base* work,
                       const std::string& quoted_schema) {
  return "GRANT USAGE ON SCHEMA " + quoted_schema + " TO " + User(work);
}

}  // namespace

Status CheckSchemaVisible(pqxx::transaction_base* work,
                          const std::string& table) {
  const std::string schema = SchemaOf(table);
  if (schema.empty()) return Status::Ok();
  const std::string quoted = PostgresDialect().Quote(schema);
  const pqxx::result found = work->exec_params(
      "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace "
      "WHERE nspname IN ($1::text, lower($1::text)) "
      "ORDER BY nspname <> $1::text LIMIT 1",
      schema);
  if (found.empty()) {
    return Status(StatusCode::kStop, "schema " + schema + " does not exist",
                  "CREATE SCHEMA " + quoted);
  }
  if (found[0][0].as<bool>()) return Status::Ok();
  return Status(StatusCode::kStop, "permission denied for schema " + schema,
                GrantUsage(work, quoted));
}

Status CheckNotElsewhere(pqxx::transaction_base* work,
                         const std::string& table) {
  if (!SchemaOf(table).empty()) return Status::Ok();
  const std::string name = sql::SplitTableName(table).back();
  const pqxx::result found = work->exec_params(kElsewhereQuery, name);
  if (found.empty()) return Status::Ok();
  const std::string schema = found[0][0].c_str();
  const bool usable = found[0][1].as<bool>();
  const bool on_path = found[0][3].as<bool>();
  if (on_path && !usable) {
    return Status(StatusCode::kStop, "permission denied for schema " + schema,
                  GrantUsage(work, found[0][2].c_str()));
  }
  return Status(StatusCode::kStop,
                "table " + table + " is in the schema " + schema +
                    ", which is not on the search path",
                "name it " + schema + "." + table + " in the recipe");
}

Status CheckIsTable(pqxx::transaction_base* work, const std::string& table) {
  const pqxx::row row = work->exec_params1(kKindQuery, Quoted(table));
  const std::string kind = row[0].c_str();
  if (kind == "r" || kind == "p") return Status::Ok();
  const std::string behind = row[1].c_str();
  const std::string what = kind == "v"   ? "a view"
                           : kind == "m" ? "a materialized view"
                           : kind == "f" ? "a foreign table"
                                         : "no table";
  return Status(StatusCode::kStop,
                table + " is " + what + ", which has no key to write rows by",
                behind.empty()
                    ? "name a table in the recipe"
                    : "name the table behind it in the recipe: " + behind);
}

std::vector<Finding> CheckPrivileges(
    pqxx::transaction_base* work, const std::string& table,
    const std::vector<std::string_view>& wanted) {
  std::vector<std::string> missing;
  for (std::string_view privilege : wanted) {
    const pqxx::row row = work->exec_params1(kPrivilegeQuery, Quoted(table),
                                             std::string(privilege));
    if (!row[0].as<bool>()) missing.emplace_back(privilege);
  }
  if (missing.empty()) return {};
  return {{true,
           "permission denied for table " + table + " (" +
               sql::JoinList(missing) + ")",
           "GRANT " + sql::JoinList(missing) + " ON " + Quoted(table) + " TO " +
               User(work)}};
}

Result<bool> CheckpointTableIsThere(pqxx::transaction_base* work,
                                    const std::string& table) {
  REGEAR_RETURN_IF_ERROR(CheckSchemaVisible(work, table));
  const pqxx::row row =
      work->exec_params1("SELECT to_regclass($1) IS NOT NULL", Quoted(table));
  if (!row[0].as<bool>()) return false;
  const auto denied =
      CheckPrivileges(work, table, {"SELECT", "INSERT", "UPDATE"});
  if (denied.empty()) return true;
  return Status(StatusCode::kStop, denied[0].message, denied[0].hint);
}

bool MayCreate(pqxx::transaction_base* work, const std::string& table) {
  const std::string schema = SchemaOf(table);
  const pqxx::row row = work->exec_params1(
      "SELECT coalesce(has_schema_privilege(coalesce(nullif($1::text, ''), "
      "current_schema()::text), 'CREATE'), false)",
      schema);
  return row[0].as<bool>();
}

std::string CheckpointGrant(pqxx::transaction_base* work,
                            const std::string& table) {
  return "GRANT SELECT, INSERT, UPDATE ON " + Quoted(table) + " TO " +
         User(work);
}

}  // namespace regear::postgres

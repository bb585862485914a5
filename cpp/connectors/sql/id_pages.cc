#include "connectors/sql/id_pages.h"

#include <string_view>
#include <utility>

namespace regear::sql {

namespace {

// The values of the key columns of `id`, nothing if it is none.
std::optional<std::vector<std::string>> PartsOf(const KeyTemplate& key_template,
                                                const std::string& id) {
  if (key_template.plain()) return std::vector{id};
  std::vector<std::string_view> parts(key_template.columns().size());
  if (!key_template.Split(id, parts)) return std::nullopt;
  return std::vector<std::string>(parts.begin(), parts.end());
}

std::optional<std::string> IdOf(const KeyTemplate& key_template,
                                const std::vector<std::string>& parts) {
  if (key_template.plain()) return parts.front();
  return key_template.Join(parts);
}

}  // namespace

std::string IdPageSql(const TargetTable& table, const Dialect& dialect,
                      bool after, size_t limit) {
  std::vector<std::string> texts;
  std::vector<std::string> keys;
  std::vector<std::string> bounds;
  std::string where;
  for (const ColumnSchema& key : table.keys) {
    // Without the table's name ORDER BY would mean the texts.
    keys.push_back("t." + dialect.Quote(key.name));
    texts.push_back(dialect.AsText(keys.back()));
    bounds.push_back(dialect.ParameterOfType(bounds.size() + 1, key.base_type));
    // Unique columns that are not the primary key may be NULL: no key is so.
    if (key.not_null) continue;
    where += (where.empty() ? "" : " AND ") + keys.back() + " IS NOT NULL";
  }
  if (after) {
    where += (where.empty() ? "(" : " AND (") + JoinList(keys) + ") > (" +
             JoinList(bounds) + ")";
  }
  return "SELECT " + JoinList(texts) + " FROM " + table.name + " AS t" +
         (where.empty() ? "" : " WHERE " + where) + " ORDER BY " +
         JoinList(keys) + " LIMIT " + std::to_string(limit);
}

Result<std::vector<std::string>> ReadIdsAfter(
    SqlDriver* driver, const TargetTable& table,
    const KeyTemplate& key_template, const std::optional<std::string>& after,
    size_t limit) {
  std::vector<std::string> bound;
  if (after) {
    auto parts = PartsOf(key_template, *after);
    if (!parts) {
      return Status(StatusCode::kInvalid, "no id of this table: " + *after);
    }
    bound = *std::move(parts);
  }
  std::vector<std::string> ids;
  while (ids.size() < limit) {
    const size_t wanted = limit - ids.size();
    auto rows = driver->QueryRows(
        IdPageSql(table, driver->dialect(), !bound.empty(), wanted), bound);
    if (!rows.ok()) return rows.status();
    for (const auto& parts : *rows) {
      if (auto id = IdOf(key_template, parts)) ids.push_back(*std::move(id));
    }
    if (rows->size() < wanted) break;
    bound = std::move(rows->back());
  }
  return ids;
}

}  // namespace regear::sql

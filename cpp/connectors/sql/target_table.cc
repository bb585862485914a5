#include "connectors/sql/target_table.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace regear::sql {

namespace {

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(a[i])) !=
        std::tolower(static_cast<unsigned char>(b[i]))) {
      return false;
    }
  }
  return true;
}

std::string ColumnOf(std::string_view column, const TableSchema& schema) {
  return "column \"" + std::string(column) + "\" of table " + schema.name;
}

// One ALTER TABLE for all `missing` columns would not be SQL in SQLite.
std::string AddColumns(const TableSchema& schema,
                       std::span<const std::string> missing,
                       const Dialect& dialect) {
  std::string statements;
  for (const std::string& column : missing) {
    if (!statements.empty()) statements += ' ';
    statements += "ALTER TABLE " + dialect.QuoteTable(schema.name) +
                  " ADD COLUMN " + dialect.Quote(column) + " " +
                  std::string(dialect.text_type()) + ";";
  }
  return statements;
}

// The columns of `names` that exist; the others are a finding.
std::vector<ColumnSchema> FindColumns(const TableSchema& schema,
                                      std::span<const std::string> names,
                                      std::vector<std::string>* missing) {
  std::vector<ColumnSchema> found;
  for (const std::string& name : names) {
    if (const ColumnSchema* column = schema.Find(name)) {
      found.push_back(*column);
    } else {
      missing->push_back(name);
    }
  }
  return found;
}

// "column "id" of table t", or "columns a, b of table t".
std::string KeyOf(const TableSchema& schema, const TargetTable& table) {
  if (table.keys.size() == 1) return ColumnOf(table.keys.front().name, schema);
  return "columns " + JoinList(table.key_names()) + " of table " + schema.name;
}

void CheckKeys(const TableSchema& schema, const TargetTable& table,
               const Dialect& dialect, std::vector<Finding>* findings) {
  std::set<std::string> names;
  for (const ColumnSchema& key : table.keys) {
    if (key.generated) {
      findings->push_back({true,
                           ColumnOf(key.name, schema) +
                               " is computed by the database and cannot take "
                               "the row's id",
                           "name another column in the recipe"});
    }
    if (!names.insert(key.name).second) {
      findings->push_back(
          {true,
           ColumnOf(key.name, schema) + " takes two parts of the row's id",
           "name another column in the key template"});
    }
  }
  const auto& unique = schema.unique_keys;
  if (std::find(unique.begin(), unique.end(), names) != unique.end()) return;
  std::string index = SplitTableName(schema.name).back();
  for (const ColumnSchema& key : table.keys) index += "_" + key.name;
  const bool one = table.keys.size() == 1;
  findings->push_back(
      {true,
       KeyOf(schema, table) +
           (one ? " takes the row's id, but is neither the primary key nor "
                  "unique"
                : " take the row's id, but are neither the primary key nor "
                  "unique together"),
       "CREATE UNIQUE INDEX " + dialect.Quote(index + "_key") + " ON " +
           dialect.QuoteTable(schema.name) + " (" +
           dialect.QuoteList(table.key_names()) + ")"});
}

// Rows are deleted by their parent, whose columns need not be unique.
void CheckIndexed(const TableSchema& schema, const TargetTable& table,
                  const Dialect& dialect, std::vector<Finding>* findings) {
  std::string index = SplitTableName(schema.name).back();
  for (const ColumnSchema& key : table.keys) {
    if (schema.indexed.contains(key.name)) return;
    index += "_" + key.name;
  }
  const bool one = table.keys.size() == 1;
  findings->push_back({false,
                       KeyOf(schema, table) + (one ? " has" : " have") +
                           " no index: each change of a document reads the "
                           "whole table",
                       "CREATE INDEX " + dialect.Quote(index + "_idx") +
                           " ON " + dialect.QuoteTable(schema.name) + " (" +
                           dialect.QuoteList(table.key_names()) + ")"});
}

void CheckMapped(const TableSchema& schema, const TargetTable& table,
                 std::vector<Finding>* findings) {
  std::set<std::string> written;
  for (const ColumnSchema& key : table.keys) written.insert(key.name);
  const std::set<std::string> keys = written;
  for (const ColumnSchema& column : table.columns) {
    const std::string name = ColumnOf(column.name, schema);
    if (keys.contains(column.name)) {
      findings->push_back(
          {true, name + " takes the row's id and cannot be mapped to a field",
           "take the column out of the mapping"});
    } else if (!written.insert(column.name).second) {
      findings->push_back(
          {true, name + " is mapped twice", "map each column to one field"});
    }
    if (column.generated || column.identity_always) {
      findings->push_back({true,
                           name + " is generated by the database and cannot be "
                                  "mapped to a field",
                           "take the column out of the mapping"});
    }
  }
}

// Columns that an INSERT needs and nobody fills. Rows that are there can be
// updated all the same.
void CheckUnfilled(const TableSchema& schema, const Dialect& dialect,
                   TargetTable* table, std::vector<Finding>* findings) {
  std::set<std::string> written;
  for (const ColumnSchema& key : table->keys) written.insert(key.name);
  for (const ColumnSchema& column : table->columns) written.insert(column.name);
  for (const ColumnSchema& column : schema.columns) {
    if (!column.required() || written.contains(column.name)) continue;
    table->required_unmapped.push_back(column.name);
    const bool blocks = table->append;  // all of its rows are new
    std::string mend = dialect.DropNotNull(schema.name, column.name);
    findings->push_back(
        {blocks,
         ColumnOf(column.name, schema) +
             " is NOT NULL, has no default and is mapped to no field: " +
             (blocks ? "every row is refused"
                     : "rows can be updated, new ones are refused"),
         mend.empty() ? "map a field to it" : std::move(mend)});
  }
}

}  // namespace

const ColumnSchema* TableSchema::Find(std::string_view column) const {
  const ColumnSchema* similar = nullptr;
  int similar_count = 0;
  for (const ColumnSchema& candidate : columns) {
    if (candidate.name == column) return &candidate;
    if (EqualsIgnoringCase(candidate.name, column)) {
      similar = &candidate;
      ++similar_count;
    }
  }
  return similar_count == 1 ? similar : nullptr;
}

std::vector<std::string> TargetTable::key_names() const {
  std::vector<std::string> names;
  for (const ColumnSchema& key : keys) names.push_back(key.name);
  return names;
}

bool TargetTable::keys_are(KeyIdentity identity) const {
  return std::all_of(keys.begin(), keys.end(), [&](const ColumnSchema& key) {
    return key.key_identity == identity;
  });
}

bool TargetTable::has_key(KeyIdentity identity) const {
  return std::any_of(keys.begin(), keys.end(), [&](const ColumnSchema& key) {
    return key.key_identity == identity;
  });
}

TargetTable ResolveTarget(const TableSchema& schema, const TableTarget& target,
                          std::span<const std::string> columns,
                          const Dialect& dialect,
                          std::vector<Finding>* findings) {
  TargetTable table;
  table.name = dialect.QuoteTable(schema.name);
  std::vector<std::string> missing;
  table.keys = FindColumns(schema, target.primary_key, &missing);
  const bool has_keys = missing.empty();
  table.columns = FindColumns(schema, columns, &missing);
  if (!missing.empty()) {
    findings->push_back(
        {true, "table " + schema.name + " has no column " + JoinList(missing),
         AddColumns(schema, missing, dialect)});
  }
  table.append = target.append;
  if (has_keys && target.append) {
    CheckIndexed(schema, table, dialect, findings);
  } else if (has_keys) {
    CheckKeys(schema, table, dialect, findings);
  }
  CheckMapped(schema, table, findings);
  CheckUnfilled(schema, dialect, &table, findings);
  return table;
}

Status MissingTable(const TableTarget& target,
                    std::span<const std::string> columns,
                    const Dialect& dialect) {
  const bool one = target.primary_key.size() == 1;
  const bool unique = !target.append;
  std::vector<std::string> parts;
  for (const std::string& key : target.primary_key) {
    parts.push_back(dialect.Quote(key) + " " + std::string(dialect.key_type()) +
                    (unique && one ? " PRIMARY KEY" : ""));
  }
  for (const std::string& column : columns) {
    parts.push_back(dialect.Quote(column) + " " +
                    std::string(dialect.text_type()));
  }
  if (unique && !one) {
    parts.push_back("PRIMARY KEY (" + dialect.QuoteList(target.primary_key) +
                    ")");
  }
  return Status(StatusCode::kStop, "table " + target.table + " does not exist",
                "CREATE TABLE " + dialect.QuoteTable(target.table) + " (" +
                    JoinList(parts) + ")");
}

}  // namespace regear::sql

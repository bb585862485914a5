// The table that a connector writes: what the database says about it, matched
// with what the recipe maps.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "change/connector.h"
#include "connectors/sql/dialect.h"
#include "connectors/sql/key_identity.h"

namespace regear::sql {

struct ColumnSchema {
  std::string name;
  std::string type;                // as declared: "numeric(10,2)"
  std::string base_type;           // the type alone, to cast to: "numeric"
  std::string default_expression;  // SQL text; empty: none
  std::string collation;           // to compare with, if not the type's own
  bool not_null = false;
  bool generated = false;        // computed by the database: never written
  bool identity = false;         // numbered by the database when left out
  bool identity_always = false;  // … and then only overridden on INSERT
  KeyIdentity key_identity = KeyIdentity::kBytes;  // as part of the key

  // True where a row cannot be inserted without a value for this column.
  bool required() const {
    return not_null && default_expression.empty() && !generated && !identity;
  }

  bool operator==(const ColumnSchema&) const = default;
};

// What a database says about a table.
struct TableSchema {
  std::string name;  // as it is really spelled; may be qualified
  std::vector<ColumnSchema> columns;
  // The columns of the primary key and of each unique constraint or index that
  // covers all rows and is checked at once.
  std::vector<std::set<std::string>> unique_keys;
  // The columns with which an index begins. Asked only for tables to which
  // rows are appended (TableTarget::append).
  std::set<std::string> indexed;

  // The column with this name: spelled exactly so, or else the only one that
  // differs in case, as databases look up names that are not quoted.
  const ColumnSchema* Find(std::string_view column) const;
};

// A table that can be written.
struct TargetTable {
  std::string name;                   // quoted
  std::vector<ColumnSchema> keys;     // take the parts of the row's id
  std::vector<ColumnSchema> columns;  // the mapped ones, in mapping order
  std::vector<std::string> required_unmapped;  // columns nobody fills
  bool append = false;                         // see TableTarget

  std::vector<std::string> key_names() const;
  // True if all key columns compare so.
  bool keys_are(KeyIdentity identity) const;
  // True if one of them does.
  bool has_key(KeyIdentity identity) const;

  // A column that an UPDATE may set to itself, where it has nothing to write
  // and is only to see whether the row is there. An identity key may not.
  const ColumnSchema& touchable() const {
    return columns.empty() ? keys.front() : columns.front();
  }

  bool operator==(const TargetTable&) const = default;
};

// Matches `schema` with the recipe. Appends to `findings`, each with the
// statement that would mend it: columns that are missing or cannot be written,
// and key columns that are neither the primary key nor unique, block; columns
// that nobody fills are worth a warning. The table is to be used only if
// nothing blocks.
TargetTable ResolveTarget(const TableSchema& schema, const TableTarget& target,
                          std::span<const std::string> columns,
                          const Dialect& dialect,
                          std::vector<Finding>* findings);

// kStop for a table that does not exist, with the CREATE TABLE as hint.
Status MissingTable(const TableTarget& target,
                    std::span<const std::string> columns,
                    const Dialect& dialect);

}  // namespace regear::sql

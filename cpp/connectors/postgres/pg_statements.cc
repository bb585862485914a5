#include "connectors/postgres/pg_statements.h"

#include <algorithm>
#include <utility>

#include "connectors/postgres/pg_schema.h"

namespace regear::postgres {

namespace {

std::string Quote(std::string_view name) {
  return PostgresDialect().Quote(name);
}

// The text `expression` as a value of `type`. An array may be a JSON array of
// values, [1,2]; PostgreSQL's own form is {1,2}, or [1:2]={1,2} with bounds.
std::string CastText(const std::string& expression, const std::string& type) {
  std::string cast = "CAST(" + expression + " AS " + type + ")";
  if (!type.ends_with("[]")) return cast;
  return "CASE WHEN " + expression + " ~ '^\\s*\\[' AND " + expression +
         " !~ '^\\s*\\[[-+\\d]+:' THEN CAST(ARRAY(SELECT "
         "jsonb_array_elements_text(CAST(" +
         expression + " AS jsonb))) AS " + type + ") ELSE " + cast + " END";
}

// `expression`, which is of the wire's type, as a value of the column's type.
std::string Cast(const std::string& expression, Wire wire,
                 const sql::ColumnSchema& column) {
  const bool same = wire != Wire::kText || column.base_type == "text";
  return same ? expression : CastText(expression, column.base_type);
}

std::string Default(const sql::ColumnSchema& column) {
  return "CAST(" + sql::DefaultOf(column) + " AS " + column.base_type + ")";
}

// "v3" for the values and "s3" for the states of column 3.
std::string Value(size_t column) { return "v" + std::to_string(column); }
std::string State(size_t column) { return "s" + std::to_string(column); }
// "k0" for the values of the first key column.
std::string Key(size_t key) { return "k" + std::to_string(key); }

// The values of the key columns.
std::vector<std::string> KeysOf(const sql::TargetTable& table, Keys keys) {
  std::vector<std::string> values;
  for (size_t i = 0; i < keys.size(); ++i) {
    values.push_back(Cast("d." + Key(i), keys[i], table.keys[i]));
  }
  return values;
}

// t."id" = d.k0 AND …
std::string KeyMatches(const sql::TargetTable& table, Keys keys) {
  const std::vector<std::string> values = KeysOf(table, keys);
  std::string condition;
  for (size_t i = 0; i < values.size(); ++i) {
    condition += (i > 0 ? " AND t." : "t.") + Quote(table.keys[i].name) +
                 " = " + values[i];
  }
  return condition;
}

// Builds unnest($1::text[], …) AS d(k0, …), or for one row
// (SELECT $1::text, …) AS d(k0, …).
class Unnest {
 public:
  explicit Unnest(Keys keys, Form form = Form::kArrays) : form_(form) {
    for (size_t i = 0; i < keys.size(); ++i) Add(WireTypeName(keys[i]), Key(i));
  }

  void Add(std::string_view type, std::string name) {
    const size_t number = names_.size() + 1;
    values_.push_back(PostgresDialect().Parameter(number) + "::" +
                      std::string(type) + (form_ == Form::kArrays ? "[]" : ""));
    names_.push_back(std::move(name));
  }

  std::string Rows() const {
    const std::string names = " AS d(" + sql::JoinList(names_) + ")";
    return form_ == Form::kArrays
               ? "unnest(" + sql::JoinList(values_) + ")" + names
               : "(SELECT " + sql::JoinList(values_) + ")" + names;
  }
  // The same with the column i, which numbers the rows from 1.
  std::string NumberedRows() const {
    return "unnest(" + sql::JoinList(values_) + ") WITH ORDINALITY AS d(" +
           sql::JoinList(names_) + ", i)";
  }

 private:
  const Form form_;
  std::vector<std::string> values_;
  std::vector<std::string> names_;
};

Unnest UnnestOf(Keys keys, std::span<const SentColumn> sent,
                Form form = Form::kArrays) {
  Unnest rows(keys, form);
  for (const auto& [column, wire] : sent) {
    rows.Add(WireTypeName(wire), Value(column));
  }
  return rows;
}

Unnest MaskedUnnestOf(Keys keys, std::span<const SentColumn> sent) {
  Unnest rows(keys);
  for (const auto& [column, wire] : sent) {
    rows.Add("int2", State(column));
    rows.Add(WireTypeName(wire), Value(column));
  }
  return rows;
}

// The SQL of each written column of `shape`, in order.
std::vector<std::string> ValuesOf(const sql::TargetTable& table,
                                  const sql::RowShape& shape,
                                  std::span<const SentColumn> sent) {
  std::vector<std::string> values;
  auto next = sent.begin();
  for (size_t column : shape.Written()) {
    const sql::ColumnSchema& schema = table.columns[column];
    if (shape.cells[column] == CellState::kDefault) {
      values.push_back(Default(schema));
    } else {
      values.push_back(Cast("d." + Value(column), next->wire, schema));
      ++next;
    }
  }
  return values;
}

std::string InsertInto(const sql::TargetTable& table,
                       std::span<const std::string> columns) {
  std::vector<std::string> names = table.key_names();
  names.insert(names.end(), columns.begin(), columns.end());
  const bool numbered = std::any_of(
      table.keys.begin(), table.keys.end(),
      [](const sql::ColumnSchema& key) { return key.identity_always; });
  return "INSERT INTO " + table.name + " (" +
         PostgresDialect().QuoteList(names) + ")" +
         (numbered ? " OVERRIDING SYSTEM VALUE" : "");
}

std::string OnConflict(const sql::TargetTable& table,
                       std::span<const std::string> columns) {
  if (table.append) return {};
  return PostgresDialect().UpsertClause(table.key_names(), columns);
}

std::string UpdateFrom(const sql::TargetTable& table, Keys keys,
                       std::span<const std::string> assignments,
                       const Unnest& rows) {
  const std::string same = Quote(table.touchable().name);
  const std::string set =
      assignments.empty() ? same + " = t." + same : sql::JoinList(assignments);
  return "UPDATE " + table.name + " AS t SET " + set + " FROM " + rows.Rows() +
         " WHERE " + KeyMatches(table, keys);
}

// CASE over the states of a column's cells.
std::string Masked(const sql::ColumnSchema& schema, const SentColumn& sent,
                   const std::string& if_absent) {
  return "CASE d." + State(sent.column) + " WHEN 1 THEN " +
         Cast("d." + Value(sent.column), sent.wire, schema) + " WHEN 2 THEN " +
         Default(schema) + " ELSE " + if_absent + " END";
}

}  // namespace

namespace {

std::string UpsertWhere(const sql::TargetTable& table,
                        const sql::RowShape& shape, Form form, Keys keys,
                        std::span<const SentColumn> sent,
                        const std::string& where) {
  std::vector<std::string> columns;
  for (size_t column : shape.Written()) {
    columns.push_back(table.columns[column].name);
  }
  std::vector<std::string> values = KeysOf(table, keys);
  for (std::string& value : ValuesOf(table, shape, sent)) {
    values.push_back(std::move(value));
  }
  return InsertInto(table, columns) + " SELECT " + sql::JoinList(values) +
         " FROM " + UnnestOf(keys, sent, form).Rows() + where +
         OnConflict(table, columns);
}

}  // namespace

std::string UpsertSql(const sql::TargetTable& table, const sql::RowShape& shape,
                      Keys keys, std::span<const SentColumn> sent) {
  return UpsertWhere(table, shape, Form::kArrays, keys, sent, "");
}

std::string UpsertAndMoveSql(const sql::TargetTable& table,
                             const sql::RowShape& shape, Form form, Keys keys,
                             std::span<const SentColumn> sent,
                             const std::string& move) {
  return "WITH moved AS (" + move + " RETURNING 1) " +
         UpsertWhere(table, shape, form, keys, sent,
                     " WHERE EXISTS (SELECT FROM moved)");
}

std::string UpdateSql(const sql::TargetTable& table, const sql::RowShape& shape,
                      Keys keys, std::span<const SentColumn> sent) {
  const std::vector<std::string> values = ValuesOf(table, shape, sent);
  const std::vector<size_t> written = shape.Written();
  std::vector<std::string> assignments;
  for (size_t i = 0; i < written.size(); ++i) {
    assignments.push_back(Quote(table.columns[written[i]].name) + " = " +
                          values[i]);
  }
  return UpdateFrom(table, keys, assignments, UnnestOf(keys, sent));
}

std::string MaskedUpdateSql(const sql::TargetTable& table, Keys keys,
                            std::span<const SentColumn> sent) {
  std::vector<std::string> assignments;
  for (const SentColumn& column : sent) {
    const sql::ColumnSchema& schema = table.columns[column.column];
    const std::string name = Quote(schema.name);
    assignments.push_back(name + " = " + Masked(schema, column, "t." + name));
  }
  return UpdateFrom(table, keys, assignments, MaskedUnnestOf(keys, sent));
}

std::string MaskedInsertSql(const sql::TargetTable& table, Keys keys,
                            std::span<const SentColumn> sent) {
  std::vector<std::string> columns;
  std::vector<std::string> values = KeysOf(table, keys);
  for (const SentColumn& column : sent) {
    const sql::ColumnSchema& schema = table.columns[column.column];
    columns.push_back(schema.name);
    values.push_back(Masked(schema, column, Default(schema)));
  }
  return InsertInto(table, columns) + " SELECT " + sql::JoinList(values) +
         " FROM " + MaskedUnnestOf(keys, sent).Rows() + OnConflict(table, {});
}

std::string DeleteSql(const sql::TargetTable& table, Keys keys) {
  const std::string from = "DELETE FROM " + table.name;
  if (keys.size() > 1) {
    return from + " AS t USING " + Unnest(keys).Rows() + " WHERE " +
           KeyMatches(table, keys);
  }
  const sql::ColumnSchema& key = table.keys.front();
  const std::string sent =
      "$1::" + std::string(WireTypeName(keys.front())) + "[]";
  const std::string values =
      keys.front() == Wire::kText
          ? "CAST(" + sent + " AS " + key.base_type + "[])"
          : sent;
  return from + " WHERE " + Quote(key.name) + " = ANY(" + values + ")";
}

std::string UnmatchedSql(const sql::TargetTable& table, Keys keys) {
  return "SELECT d.i FROM " + Unnest(keys).NumberedRows() +
         " WHERE NOT EXISTS (SELECT FROM " + table.name + " AS t WHERE " +
         KeyMatches(table, keys) + ")";
}

std::string FirstEqualSql(const sql::ColumnSchema& key) {
  constexpr Wire kWires[] = {Wire::kText};
  std::string value = Cast("d.k0", Wire::kText, key);
  if (!key.collation.empty()) value += " COLLATE " + key.collation;
  return "SELECT min(d.i) OVER (PARTITION BY " + value + ") FROM " +
         Unnest(kWires).NumberedRows() + " ORDER BY d.i";
}

std::string ProbeSql(const sql::ColumnSchema& column) {
  const std::string value = CastText("$1::text", column.base_type);
  return "SELECT CAST(" + value + " AS text) IS DISTINCT FROM CAST(CAST(" +
         value + " AS " + column.type + ") AS text)";
}

}  // namespace regear::postgres

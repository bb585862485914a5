#include "connectors/postgres/pg_statements.h"

#include "connectors/postgres/pg_schema.h"

namespace regear::postgres {

namespace {

std::string Quote(std::string_view name) {
  return PostgresDialect().Quote(name);
}

// `expression`, which is of the wire's type, as a value of the column's type.
std::string Cast(const std::string& expression, Wire wire,
                 const sql::ColumnSchema& column) {
  const std::string& type = column.base_type;
  const bool same = wire != Wire::kText || type == "text";
  return same ? expression : "CAST(" + expression + " AS " + type + ")";
}

std::string Default(const sql::ColumnSchema& column) {
  return "CAST(" + sql::DefaultOf(column) + " AS " + column.base_type + ")";
}

std::string KeyOf(const sql::TargetTable& table, Wire key) {
  return Cast("d.k", key, table.key);
}

// "v3" for the values and "s3" for the states of column 3.
std::string Value(size_t column) { return "v" + std::to_string(column); }
std::string State(size_t column) { return "s" + std::to_string(column); }

// Builds unnest($1::text[], …) AS d(k, …).
class Unnest {
 public:
  explicit Unnest(Wire key) { Add(WireTypeName(key), "k"); }

  void Add(std::string_view type, std::string name) {
    const size_t number = names_.size() + 1;
    arrays_.push_back(PostgresDialect().Parameter(number) +
                      "::" + std::string(type) + "[]");
    names_.push_back(std::move(name));
  }

  std::string Rows() const {
    return "unnest(" + sql::JoinList(arrays_) + ") AS d(" +
           sql::JoinList(names_) + ")";
  }
  // The same with the column i, which numbers the rows from 1.
  std::string NumberedRows() const {
    return "unnest(" + sql::JoinList(arrays_) + ") WITH ORDINALITY AS d(" +
           sql::JoinList(names_) + ", i)";
  }

 private:
  std::vector<std::string> arrays_;
  std::vector<std::string> names_;
};

Unnest UnnestOf(Wire key, std::span<const SentColumn> sent) {
  Unnest rows(key);
  for (const auto& [column, wire] : sent) {
    rows.Add(WireTypeName(wire), Value(column));
  }
  return rows;
}

Unnest MaskedUnnestOf(Wire key, std::span<const SentColumn> sent) {
  Unnest rows(key);
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
  std::vector<std::string> names = {Quote(table.key.name)};
  for (const std::string& column : columns) names.push_back(Quote(column));
  return "INSERT INTO " + table.name + " (" + sql::JoinList(names) + ")" +
         (table.key.identity_always ? " OVERRIDING SYSTEM VALUE" : "");
}

std::string UpdateFrom(const sql::TargetTable& table, Wire key,
                       std::span<const std::string> assignments,
                       const Unnest& rows) {
  const std::string same = Quote(table.touchable().name);
  const std::string set =
      assignments.empty() ? same + " = t." + same : sql::JoinList(assignments);
  return "UPDATE " + table.name + " AS t SET " + set + " FROM " + rows.Rows() +
         " WHERE t." + Quote(table.key.name) + " = " + KeyOf(table, key);
}

// CASE over the states of a column's cells.
std::string Masked(const sql::ColumnSchema& schema, const SentColumn& sent,
                   const std::string& if_absent) {
  return "CASE d." + State(sent.column) + " WHEN 1 THEN " +
         Cast("d." + Value(sent.column), sent.wire, schema) + " WHEN 2 THEN " +
         Default(schema) + " ELSE " + if_absent + " END";
}

}  // namespace

std::string UpsertSql(const sql::TargetTable& table, const sql::RowShape& shape,
                      Wire key, std::span<const SentColumn> sent) {
  std::vector<std::string> columns;
  for (size_t column : shape.Written()) {
    columns.push_back(table.columns[column].name);
  }
  std::vector<std::string> values = ValuesOf(table, shape, sent);
  values.insert(values.begin(), KeyOf(table, key));
  return InsertInto(table, columns) + " SELECT " + sql::JoinList(values) +
         " FROM " + UnnestOf(key, sent).Rows() +
         PostgresDialect().UpsertClause(table.key.name, columns);
}

std::string UpdateSql(const sql::TargetTable& table, const sql::RowShape& shape,
                      Wire key, std::span<const SentColumn> sent) {
  const std::vector<std::string> values = ValuesOf(table, shape, sent);
  const std::vector<size_t> written = shape.Written();
  std::vector<std::string> assignments;
  for (size_t i = 0; i < written.size(); ++i) {
    assignments.push_back(Quote(table.columns[written[i]].name) + " = " +
                          values[i]);
  }
  return UpdateFrom(table, key, assignments, UnnestOf(key, sent));
}

std::string MaskedUpdateSql(const sql::TargetTable& table, Wire key,
                            std::span<const SentColumn> sent) {
  std::vector<std::string> assignments;
  for (const SentColumn& column : sent) {
    const sql::ColumnSchema& schema = table.columns[column.column];
    const std::string name = Quote(schema.name);
    assignments.push_back(name + " = " + Masked(schema, column, "t." + name));
  }
  return UpdateFrom(table, key, assignments, MaskedUnnestOf(key, sent));
}

std::string MaskedInsertSql(const sql::TargetTable& table, Wire key,
                            std::span<const SentColumn> sent) {
  std::vector<std::string> columns;
  std::vector<std::string> values = {KeyOf(table, key)};
  for (const SentColumn& column : sent) {
    const sql::ColumnSchema& schema = table.columns[column.column];
    columns.push_back(schema.name);
    values.push_back(Masked(schema, column, Default(schema)));
  }
  return InsertInto(table, columns) + " SELECT " + sql::JoinList(values) +
         " FROM " + MaskedUnnestOf(key, sent).Rows() +
         PostgresDialect().UpsertClause(table.key.name, {});
}

std::string DeleteSql(const sql::TargetTable& table, Wire key) {
  const std::string ids = "$1::" + std::string(WireTypeName(key)) + "[]";
  const std::string keys =
      key == Wire::kText ? "CAST(" + ids + " AS " + table.key.base_type + "[])"
                         : ids;
  return "DELETE FROM " + table.name + " WHERE " + Quote(table.key.name) +
         " = ANY(" + keys + ")";
}

std::string UnmatchedSql(const sql::TargetTable& table, Wire key) {
  return "SELECT d.i FROM " + Unnest(key).NumberedRows() +
         " WHERE NOT EXISTS (SELECT FROM " + table.name + " AS t WHERE t." +
         Quote(table.key.name) + " = " + KeyOf(table, key) + ")";
}

std::string FirstEqualSql(const sql::TargetTable& table) {
  std::string key = KeyOf(table, Wire::kText);
  if (!table.key.collation.empty()) key += " COLLATE " + table.key.collation;
  return "SELECT min(d.i) OVER (PARTITION BY " + key + ") FROM " +
         Unnest(Wire::kText).NumberedRows() + " ORDER BY d.i";
}

std::string ProbeSql(const sql::ColumnSchema& column) {
  const std::string value = "CAST($1::text AS " + column.base_type + ")";
  return "SELECT CAST(" + value + " AS text) IS DISTINCT FROM CAST(CAST(" +
         value + " AS " + column.type + ") AS text)";
}

}  // namespace regear::postgres

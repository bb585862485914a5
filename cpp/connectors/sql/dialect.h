// What differs between the SQL of the databases, as far as several of them
// need it. Statements that only one database knows live with its connector.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regear::sql {

// The options that tell one dialect from another; see Dialect.
struct DialectOptions {
  char quote = '"';            // around identifiers
  std::string_view parameter;  // before a parameter's number: "?" or "$"
  bool numbered = true;        // … or in place of it: "?" alone
  std::string_view text_type = "TEXT";  // takes any text
  std::string_view key_type = "TEXT";   // takes any text and can be indexed
  std::string_view varchar_type = "varchar";  // of the checkpoint's columns
  std::string_view long_text_type = "TEXT";   // takes megabytes of text
  std::string_view cast_text_type = "TEXT";   // what CAST makes text of
  bool drop_not_null = false;  // has ALTER COLUMN … DROP NOT NULL
};

// SQL with INSERT … ON CONFLICT; a database that spells its upsert otherwise
// overrides UpsertClause.
class Dialect {
 public:
  explicit constexpr Dialect(DialectOptions options) : options_(options) {}
  virtual ~Dialect() = default;

  std::string_view text_type() const { return options_.text_type; }
  std::string_view key_type() const { return options_.key_type; }
  std::string_view varchar_type() const { return options_.varchar_type; }
  std::string_view long_text_type() const { return options_.long_text_type; }

  // `name` as an identifier, whatever characters it has.
  std::string Quote(std::string_view name) const;

  // `table` as an identifier of one or more parts. Dots separate parts unless
  // they stand in a part that is quoted already: a.b, "my.schema".b
  std::string QuoteTable(std::string_view table) const;

  // The parameter with this number; the first is 1.
  std::string Parameter(size_t number) const;

  // What follows an INSERT to make it an upsert of `columns` in a table whose
  // key is `keys`. Names are unquoted; no columns: an existing row stays as it
  // is.
  virtual std::string UpsertClause(std::span<const std::string> keys,
                                   std::span<const std::string> columns) const;

  // The statement that lets a column take NULL; empty if there is none.
  virtual std::string DropNotNull(std::string_view table,
                                  std::string_view column) const;

  // `expression` as text, and a text parameter as a value of a column's type.
  std::string AsText(const std::string& expression) const;
  virtual std::string ParameterOfType(size_t number,
                                      const std::string& type) const;

  // `names` as a list of identifiers.
  std::string QuoteList(std::span<const std::string> names) const;

  // An INSERT of one row, given by parameters, into the quoted `table`. It
  // touches nothing if a row with its `keys` is there.
  virtual std::string InsertMissing(const std::string& table,
                                    std::span<const std::string> keys,
                                    std::span<const std::string> columns) const;

 protected:
  // "table (a, b) VALUES (?, ?)"
  std::string Values(const std::string& table,
                     std::span<const std::string> columns) const;

 private:
  DialectOptions options_;
};

// The parts of a possibly qualified table name, without their quotes.
std::vector<std::string> SplitTableName(std::string_view table);

// `text` as a string literal.
std::string QuoteLiteral(std::string_view text);

// The elements with ", " between them.
std::string JoinList(std::span<const std::string> elements);

}  // namespace regear::sql

#include "connectors/sql/dialect.h"

#include <utility>

namespace regear::sql {

namespace {

bool IsQuote(char c) { return c == '"' || c == '`'; }

// `text` between two `quote` characters, those inside doubled.
std::string Enclose(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted += quote;
}

}  // namespace

std::vector<std::string> SplitTableName(std::string_view table) {
  std::vector<std::string> parts(1);
  char quote = 0;  // inside a quoted part: its quote character
  for (size_t i = 0; i < table.size(); ++i) {
    const char c = table[i];
    if (quote != 0 && c == quote) {
      const bool doubled = i + 1 < table.size() && table[i + 1] == quote;
      if (doubled) {
        parts.back() += c;
        ++i;
      } else {
        quote = 0;
      }
    } else if (quote == 0 && IsQuote(c) && parts.back().empty()) {
      quote = c;
    } else if (quote == 0 && c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string QuoteLiteral(std::string_view text) { return Enclose(text, '\''); }

std::string JoinList(std::span<const std::string> elements) {
  std::string list;
  for (const std::string& element : elements) {
    if (!list.empty()) list += ", ";
    list += element;
  }
  return list;
}

std::string Dialect::Quote(std::string_view name) const {
  return Enclose(name, options_.quote);
}

std::string Dialect::QuoteTable(std::string_view table) const {
  std::string quoted;
  for (const std::string& part : SplitTableName(table)) {
    if (!quoted.empty()) quoted += '.';
    quoted += Quote(part);
  }
  return quoted;
}

std::string Dialect::Parameter(size_t number) const {
  std::string parameter(options_.parameter);
  if (options_.numbered) parameter += std::to_string(number);
  return parameter;
}

std::string Dialect::AsText(const std::string& expression) const {
  return "CAST(" + expression + " AS " + std::string(options_.cast_text_type) +
         ")";
}

std::string Dialect::ParameterOfType(size_t number,
                                     const std::string& type) const {
  if (type.empty()) return Parameter(number);
  return "CAST(" + Parameter(number) + " AS " + type + ")";
}

std::string Dialect::DropNotNull(std::string_view table,
                                 std::string_view column) const {
  if (!options_.drop_not_null) return {};
  return "ALTER TABLE " + QuoteTable(table) + " ALTER COLUMN " + Quote(column) +
         " DROP NOT NULL";
}

std::string Dialect::QuoteList(std::span<const std::string> names) const {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back(Quote(name));
  return JoinList(quoted);
}

std::string Dialect::UpsertClause(std::span<const std::string> keys,
                                  std::span<const std::string> columns) const {
  std::string clause = " ON CONFLICT (" + QuoteList(keys) + ") DO ";
  if (columns.empty()) return clause + "NOTHING";
  std::vector<std::string> assignments;
  for (const std::string& column : columns) {
    const std::string name = Quote(column);
    assignments.push_back(name + " = excluded." + name);
  }
  return clause + "UPDATE SET " + JoinList(assignments);
}

std::string Dialect::InsertMissing(const std::string& table,
                                   std::span<const std::string> keys,
                                   std::span<const std::string> columns) const {
  return "INSERT INTO " + Values(table, columns) + UpsertClause(keys, {});
}

std::string Dialect::Values(const std::string& table,
                            std::span<const std::string> columns) const {
  std::vector<std::string> values;
  for (size_t i = 1; i <= columns.size(); ++i) values.push_back(Parameter(i));
  return table + " (" + QuoteList(columns) + ") VALUES (" + JoinList(values) +
         ")";
}

}  // namespace regear::sql

#include "connectors/mysql/mysql_keys.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "connectors/mysql/mysql_statements.h"

namespace regear::mysql {

namespace {

constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyz0123456789-_.:";

char Lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= ':') || c == '-' || c == '_' || c == '.';
  });
}

std::string ToHexList(std::span<const std::string_view> values) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string list = "[";
  for (std::string_view value : values) {
    list += list.size() > 1 ? ",\"" : "\"";
    for (unsigned char byte : value) {
      list += kDigits[byte >> 4];
      list += kDigits[byte & 15];
    }
    list += '"';
  }
  return list += "]";
}

std::vector<size_t> FirstIgnoringCase(
    std::span<const std::string_view> values) {
  std::unordered_map<std::string, size_t> first;
  first.reserve(values.size());
  std::vector<size_t> equal(values.size());
  std::string lower;
  for (size_t i = 0; i < values.size(); ++i) {
    lower.resize(values[i].size());
    std::transform(values[i].begin(), values[i].end(), lower.begin(), Lower);
    equal[i] = first.try_emplace(lower, i).first->second;
  }
  return equal;
}

// The type to cast to; empty for one that compares as the text does.
std::string CastType(const sql::ColumnSchema& key) {
  const std::string& base = key.base_type;
  const std::string whole = key.type.substr(0, key.type.find(')') + 1);
  if (base == "decimal" || base == "date" || base == "time" ||
      base == "datetime" || base == "binary") {
    return key.type.find('(') == std::string::npos ? base : whole;
  }
  if (base == "timestamp") {
    return "datetime" + (whole.empty() ? "" : whole.substr(base.size()));
  }
  if (base == "float" || base == "double") return base;
  if (base == "year" || base == "bit") return "UNSIGNED";
  return {};
}

}  // namespace

std::string CharsetOf(const std::string& collation) {
  return collation.substr(0, collation.find('_'));
}

std::string CanonicalOf(const sql::ColumnSchema& key,
                        const std::string& bytes) {
  if (!key.collation.empty()) {
    // Most collations do not count blanks at the end; those that do only see
    // more keys as the same.
    return "HEX(WEIGHT_STRING(RTRIM(CONVERT(CONVERT(" + bytes +
           " USING utf8mb4) USING " + CharsetOf(key.collation) + ")) COLLATE " +
           key.collation + "))";
  }
  const std::string type = CastType(key);
  if (type.empty()) return "HEX(" + bytes + ")";
  if (type.starts_with("binary")) {
    return "HEX(CAST(" + bytes + " AS " + type + "))";
  }
  return "CAST(CONVERT(" + bytes + " USING utf8mb4) AS " + type + ")";
}

Result<KeyComparison> KeyComparison::Learn(Session* session,
                                           const sql::ColumnSchema& key) {
  KeyComparison comparison(key);
  if (key.collation.empty()) return comparison;
  // Each between two others, and nothing at all: a collation may ignore one.
  std::vector<std::string> probes = {"xx"};
  for (char c : kPlain) probes.push_back(std::string("x") + c + "x");
  const std::vector<std::string_view> views(probes.begin(), probes.end());
  const auto first = comparison.Ask(session, views);
  if (!first.ok()) return first.status();
  comparison.plain_differs_ = true;
  for (size_t i = 0; i < first->size(); ++i) {
    if ((*first)[i] != i) comparison.plain_differs_ = false;
  }
  return comparison;
}

Result<std::vector<size_t>> KeyComparison::FirstEqual(
    Session* session, std::span<const std::string_view> values) const {
  if (plain_differs_ && std::all_of(values.begin(), values.end(), IsPlain)) {
    return FirstIgnoringCase(values);
  }
  return Ask(session, values);
}

Result<std::vector<size_t>> KeyComparison::Ask(
    Session* session, std::span<const std::string_view> values) const {
  const auto rows =
      session->Query(CanonicalSql(key_), std::array{ToHexList(values)});
  if (!rows.ok()) return rows.status();
  if (rows->size() != values.size()) {
    return Status(StatusCode::kRetry,
                  "the server compared fewer keys than were sent");
  }
  std::map<std::optional<std::string>, size_t> first;
  std::vector<size_t> equal;
  for (const Session::Row& row : *rows) {
    equal.push_back(first.try_emplace(row.front(), equal.size()).first->second);
  }
  return equal;
}

}  // namespace regear::mysql

#include "connectors/sqlite/sqlite_values.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <optional>

#include "connectors/sql/numeric_text.h"
#include "connectors/sqlite/sqlite_handle.h"
#include "connectors/sqlite/sqlite_status.h"

namespace regear::sqlite {

namespace {

// Enough of a refused value to recognise it.
std::string Excerpt(std::string_view value) {
  constexpr size_t kLongest = 40;
  std::string excerpt(value.substr(0, kLongest));
  return "\"" + excerpt + (value.size() > kLongest ? "…\"" : "\"");
}

Status Refuse(std::string_view value, std::string_view why) {
  return Status(StatusCode::kReject, Excerpt(value) + " " + std::string(why));
}

Status Bound(int code) {
  if (code == SQLITE_OK) return Status::Ok();
  return Status(Classify(code), sqlite3_errstr(code));
}

Status BindNumberText(sqlite3_stmt* statement, int parameter,
                      std::string_view value) {
  if (!sql::IsDecimalNumber(value)) return Refuse(value, "is not a number");
  return Bound(BindText(statement, parameter, value));
}

Status BindInteger(sqlite3_stmt* statement, int parameter,
                   std::string_view value) {
  if (const auto number = sql::ParseInteger(value)) {
    return Bound(sqlite3_bind_int64(statement, parameter, *number));
  }
  // SQLite would store it as a float and lose digits.
  if (sql::IsWholeNumber(value)) return Refuse(value, "is out of range");
  return BindNumberText(statement, parameter, value);
}

Status BindReal(sqlite3_stmt* statement, int parameter,
                std::string_view value) {
  if (const auto number = sql::ParseDouble(value)) {
    return Bound(sqlite3_bind_double(statement, parameter, *number));
  }
  return BindNumberText(statement, parameter, value);
}

// The words that PostgreSQL takes, in any case.
std::optional<bool> ParseBoolean(std::string_view value) {
  std::string word(sql::TrimBlanks(value));
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  const auto is_one_of = [&word](std::initializer_list<const char*> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (is_one_of({"1", "t", "true", "y", "yes", "on"})) return true;
  if (is_one_of({"0", "f", "false", "n", "no", "off"})) return false;
  return std::nullopt;
}

Status BindBoolean(sqlite3_stmt* statement, int parameter,
                   std::string_view value) {
  const auto boolean = ParseBoolean(value);
  if (!boolean) return Refuse(value, "is neither true nor false");
  return Bound(sqlite3_bind_int(statement, parameter, *boolean ? 1 : 0));
}

Status BindBlob(sqlite3_stmt* statement, int parameter,
                std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();
  return Bound(sqlite3_bind_blob64(statement, parameter, data, value.size(),
                                   SQLITE_STATIC));
}

}  // namespace

ValueKind KindOfType(std::string_view declared_type) {
  std::string type(declared_type);
  std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) {
    return static_cast<char>(std::toupper(c));
  });
  const auto has = [&type](std::string_view part) {
    return type.find(part) != std::string::npos;
  };
  if (has("INT")) return ValueKind::kInteger;
  if (has("CHAR") || has("CLOB") || has("TEXT")) return ValueKind::kText;
  if (has("BLOB")) return ValueKind::kBlob;
  if (has("REAL") || has("FLOA") || has("DOUB")) return ValueKind::kReal;
  if (has("BOOL")) return ValueKind::kBoolean;
  if (has("NUMERIC") || has("DECIMAL")) return ValueKind::kNumber;
  return ValueKind::kText;
}

Status BindValue(sqlite3_stmt* statement, int parameter, ValueKind kind,
                 std::string_view value) {
  switch (kind) {
    case ValueKind::kBlob:
      return BindBlob(statement, parameter, value);
    case ValueKind::kInteger:
      return BindInteger(statement, parameter, value);
    case ValueKind::kReal:
      return BindReal(statement, parameter, value);
    case ValueKind::kNumber:
      return BindNumberText(statement, parameter, value);
    case ValueKind::kBoolean:
      return BindBoolean(statement, parameter, value);
    case ValueKind::kText:
      break;
  }
  return Bound(BindText(statement, parameter, value));
}

}  // namespace regear::sqlite

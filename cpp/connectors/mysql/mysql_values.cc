#include "connectors/mysql/mysql_values.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <utility>

#include "connectors/mysql/mysql_status.h"
#include "connectors/mysql/mysql_temporal.h"
#include "connectors/sql/numeric_text.h"

namespace regear::mysql {

namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return lower;
}

// Enough of a refused value to recognise it.
std::string Excerpt(std::string_view value) {
  constexpr size_t kLongest = 40;
  return "'" + std::string(value.substr(0, kLongest)) +
         (value.size() > kLongest ? "…'" : "'");
}

bool IsInteger(std::string_view type) {
  constexpr std::array<std::string_view, 5> kIntegers = {
      "tinyint", "smallint", "mediumint", "int", "bigint"};
  return std::find(kIntegers.begin(), kIntegers.end(), type) != kIntegers.end();
}

ValueKind KindOf(const sql::ColumnSchema& column) {
  const std::string& type = column.base_type;
  if (column.type.starts_with("tinyint(1)")) return ValueKind::kBoolean;
  if (IsInteger(type)) {
    const bool wide =
        type == "bigint" && column.type.find("unsigned") != std::string::npos;
    return wide ? ValueKind::kUnsigned : ValueKind::kInteger;
  }
  if (type == "float" || type == "double") return ValueKind::kReal;
  if (type == "decimal") return ValueKind::kNumber;
  if (type == "bit") return ValueKind::kBits;
  if (type == "enum" || type == "set") return ValueKind::kLabel;
  if (type == "date") return ValueKind::kDate;
  if (type == "time") return ValueKind::kTime;
  if (type == "datetime" || type == "timestamp") return ValueKind::kDateTime;
  if (type.ends_with("binary") || type.ends_with("blob")) {
    return ValueKind::kBytes;
  }
  return ValueKind::kText;
}

// The labels in "enum('a','it''s')".
std::vector<std::string> LabelsOf(std::string_view type) {
  std::vector<std::string> labels;
  bool inside = false;
  for (size_t i = type.find('('); i < type.size(); ++i) {
    if (type[i] != '\'') {
      if (inside) labels.back() += type[i];
    } else if (!inside) {
      inside = true;
      labels.emplace_back();
    } else if (i + 1 < type.size() && type[i + 1] == '\'') {
      labels.back() += type[i++];
    } else {
      inside = false;
    }
  }
  return labels;
}

std::optional<uint64_t> ParseUnsigned(std::string_view text) {
  text = sql::TrimBlanks(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

// As PostgreSQL reads them.
std::optional<bool> ParseBoolean(std::string_view text) {
  constexpr std::array<std::string_view, 5> kYes = {"true", "t", "yes", "y",
                                                    "on"};
  constexpr std::array<std::string_view, 5> kNo = {"false", "f", "no", "n",
                                                   "off"};
  const std::string word = Lower(sql::TrimBlanks(text));
  if (std::find(kYes.begin(), kYes.end(), word) != kYes.end()) return true;
  if (std::find(kNo.begin(), kNo.end(), word) != kNo.end()) return false;
  return std::nullopt;
}

}  // namespace

ValueType TypeOfColumn(const sql::ColumnSchema& column) {
  ValueType type{KindOf(column), {}};
  if (type.kind == ValueKind::kLabel) type.labels = LabelsOf(column.type);
  return type;
}

ValueType TypeOfKey(const sql::ColumnSchema& column) {
  ValueType type = TypeOfColumn(column);
  if (type.kind == ValueKind::kBoolean) type.kind = ValueKind::kInteger;
  if (type.kind == ValueKind::kBits) type.kind = ValueKind::kUnsigned;
  const bool time = type.kind == ValueKind::kDate ||
                    type.kind == ValueKind::kTime ||
                    type.kind == ValueKind::kDateTime;
  if (time) type.kind = ValueKind::kText;
  return type;
}

bool IsZoned(const ValueType& type, std::string_view value) {
  return type.kind == ValueKind::kDateTime && ToUtc(value).has_value();
}

void ValueArray::Reserve(size_t count) {
  lengths_.reserve(count);
  if (text()) texts_.reserve(count);
  if (type_->kind == ValueKind::kReal) reals_.reserve(count);
}

Status ValueArray::Add(std::string_view value) {
  switch (type_->kind) {
    case ValueKind::kInteger:
      return AddInteger(value);
    case ValueKind::kUnsigned:
      return AddUnsigned(value);
    case ValueKind::kReal:
      return AddReal(value);
    case ValueKind::kBoolean:
    case ValueKind::kBits:
      return AddBoolean(value);
    case ValueKind::kLabel:
      return AddLabel(value);
    case ValueKind::kNumber:
      AddText(sql::TrimBlanks(value));
      return Status::Ok();
    case ValueKind::kDate:
      if (auto date = DateOfZoned(value)) {
        AddOwned(*std::move(date));
        return Status::Ok();
      }
      break;
    case ValueKind::kTime:
      if (const auto time = TimeOfZoned(value)) value = *time;
      break;
    case ValueKind::kDateTime:
      if (auto utc = ToUtc(value)) {
        AddOwned(*std::move(utc));
        return Status::Ok();
      }
      break;
    case ValueKind::kText:
    case ValueKind::kBytes:
      break;
  }
  AddText(value);
  return Status::Ok();
}

Status ValueArray::AddInteger(std::string_view value) {
  const auto number = sql::ParseInteger(value);
  if (!number) return Incorrect("integer", value);
  AddNumber(*number);
  return Status::Ok();
}

Status ValueArray::AddUnsigned(std::string_view value) {
  const auto number = ParseUnsigned(value);
  if (!number) return Incorrect("integer", value);
  AddNumber(static_cast<int64_t>(*number));
  return Status::Ok();
}

Status ValueArray::AddReal(std::string_view value) {
  const auto number = sql::ParseDouble(value);
  if (!number) return Incorrect("double", value);
  reals_.push_back(*number);
  lengths_.push_back(sizeof(double));
  indicators_.push_back(STMT_INDICATOR_NONE);
  return Status::Ok();
}

Status ValueArray::AddBoolean(std::string_view value) {
  if (const auto yes = ParseBoolean(value)) {
    AddNumber(*yes ? 1 : 0);
    return Status::Ok();
  }
  return type_->kind == ValueKind::kBits ? AddUnsigned(value)
                                         : AddInteger(value);
}

Status ValueArray::AddLabel(std::string_view value) {
  const auto& labels = type_->labels;
  const bool is_label =
      std::find(labels.begin(), labels.end(), value) != labels.end();
  if (!is_label && sql::IsDecimalNumber(value)) {
    return Refusal(kTruncated, Excerpt(value) + " is not one of column " +
                                   std::string(column_));
  }
  AddText(value);
  return Status::Ok();
}

void ValueArray::AddNumber(int64_t number) {
  integers_.push_back(number);
  lengths_.push_back(sizeof(number));
  indicators_.push_back(STMT_INDICATOR_NONE);
}

void ValueArray::AddText(std::string_view text) {
  // libmariadb only reads; it takes null for NULL.
  static char empty[] = "";
  texts_.push_back(text.data() == nullptr ? empty
                                          : const_cast<char*>(text.data()));
  lengths_.push_back(text.size());
  indicators_.push_back(STMT_INDICATOR_NONE);
}

void ValueArray::AddOwned(std::string text) {
  owned_.push_back(std::move(text));
  AddText(owned_.back());
}

void ValueArray::AddIndicator(enum_indicator_type indicator) {
  if (text()) {
    AddText({});
  } else if (type_->kind == ValueKind::kReal) {
    reals_.push_back(0);
    lengths_.push_back(0);
    indicators_.push_back(STMT_INDICATOR_NONE);
  } else {
    AddNumber(0);
  }
  indicators_.back() = static_cast<char>(indicator);
  has_indicators_ = true;
}

Status ValueArray::Incorrect(const char* what, std::string_view value) const {
  const bool whole = sql::IsWholeNumber(value);
  const bool decimal = sql::IsDecimalNumber(value);
  const bool out_of_range =
      whole || (decimal && type_->kind == ValueKind::kReal);
  const std::string where =
      Excerpt(value) + " for column " + std::string(column_);
  if (out_of_range) return Refusal(kOutOfRange, "Out of range value " + where);
  return Refusal(kIncorrectValue,
                 "Incorrect " + std::string(what) + " value " + where);
}

bool ValueArray::text() const {
  return wire() == MYSQL_TYPE_STRING || wire() == MYSQL_TYPE_BLOB;
}

enum_field_types ValueArray::wire() const {
  switch (type_->kind) {
    case ValueKind::kInteger:
    case ValueKind::kUnsigned:
    case ValueKind::kBoolean:
    case ValueKind::kBits:
      return MYSQL_TYPE_LONGLONG;
    case ValueKind::kReal:
      return MYSQL_TYPE_DOUBLE;
    case ValueKind::kBytes:
      return MYSQL_TYPE_BLOB;
    default:
      return MYSQL_TYPE_STRING;
  }
}

MYSQL_BIND ValueArray::ArrayFrom(size_t i) {
  MYSQL_BIND bind = {};
  bind.buffer_type = wire();
  bind.is_unsigned =
      type_->kind == ValueKind::kUnsigned || type_->kind == ValueKind::kBits
          ? 1
          : 0;
  if (text()) {
    bind.buffer = texts_.data() + i;
    bind.length = lengths_.data() + i;
  } else if (type_->kind == ValueKind::kReal) {
    bind.buffer = reals_.data() + i;
  } else {
    bind.buffer = integers_.data() + i;
  }
  if (has_indicators_) bind.u.indicator = indicators_.data() + i;
  return bind;
}

MYSQL_BIND ValueArray::One(size_t i) {
  MYSQL_BIND bind = ArrayFrom(i);
  bind.u.indicator = nullptr;
  if (!text()) return bind;
  bind.buffer = texts_[i];
  bind.buffer_length = lengths_[i];
  return bind;
}

}  // namespace regear::mysql

// The values of a column as an array that libmariadb sends.
//
// Numbers travel as numbers and bytes as bytes; everything else is text, which
// the server reads in strict mode. Text that the server would take for
// something else than it says is refused here: "12.7" for an integer, the
// digits of an ENUM's index. Booleans are also "true", "no" and the like;
// times may have a zone (mysql_temporal.h).
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "connectors/mysql/mysql_handle.h"
#include "connectors/sql/target_table.h"

namespace regear::mysql {

enum class ValueKind {
  kText,
  kBytes,
  kInteger,
  kUnsigned,  // beyond what a signed integer holds
  kReal,
  kNumber,  // of any precision
  kBoolean,
  kBits,   // written as a number
  kLabel,  // of an ENUM or SET
  kDate,
  kTime,
  kDateTime,
};

struct ValueType {
  ValueKind kind = ValueKind::kText;
  std::vector<std::string> labels;  // of kLabel
};

ValueType TypeOfColumn(const sql::ColumnSchema& column);
// Of a column that takes the row's id: spelled in one way only.
ValueType TypeOfKey(const sql::ColumnSchema& column);

// Whether `value` for this column is a point in time with a zone, which a
// statement has to convert from UTC.
bool IsZoned(const ValueType& type, std::string_view value);

// Its arrays point to the values, which have to outlive it, unless they had to
// be rewritten.
class ValueArray {
 public:
  // `column` is for messages.
  ValueArray(const ValueType* type, std::string_view column)
      : type_(type), column_(column) {}
  // A copy would point to the values that the original owns.
  ValueArray(ValueArray&&) = default;

  void Reserve(size_t count);
  // kReject, naming the column, if the value is not one of its type.
  Status Add(std::string_view value);
  // No value: the column's default, or the column is left alone.
  void AddDefault() { AddIndicator(STMT_INDICATOR_DEFAULT); }
  void AddIgnored() { AddIndicator(STMT_INDICATOR_IGNORE); }

  size_t size() const { return lengths_.size(); }
  // Upper bound of what an element takes in a packet.
  size_t BytesOf(size_t i) const { return lengths_[i] + 10; }

  // A parameter with all values from the i-th on, or with the i-th alone.
  MYSQL_BIND ArrayFrom(size_t i);
  MYSQL_BIND One(size_t i);

 private:
  Status AddInteger(std::string_view value);
  Status AddUnsigned(std::string_view value);
  Status AddReal(std::string_view value);
  Status AddBoolean(std::string_view value);
  Status AddLabel(std::string_view value);
  void AddNumber(int64_t number);
  void AddText(std::string_view text);
  void AddOwned(std::string text);
  void AddIndicator(enum_indicator_type indicator);
  Status Incorrect(const char* what, std::string_view value) const;

  bool text() const;
  enum_field_types wire() const;

  const ValueType* type_;
  std::string_view column_;
  std::vector<int64_t> integers_;
  std::vector<double> reals_;
  std::vector<char*> texts_;
  std::vector<unsigned long> lengths_;
  std::vector<char> indicators_;
  bool has_indicators_ = false;
  std::deque<std::string> owned_;
};

}  // namespace regear::mysql

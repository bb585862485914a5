#include "connectors/postgres/pg_array.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "connectors/sql/numeric_text.h"

namespace regear::postgres {

namespace {

struct WireType {
  std::string_view name;
  uint32_t oid;  // of the element type; those of built-in types never change
};

WireType TypeOf(Wire wire) {
  switch (wire) {
    case Wire::kBytea:
      return {"bytea", 17};
    case Wire::kInt2:
      return {"int2", 21};
    case Wire::kInt4:
      return {"int4", 23};
    case Wire::kInt8:
      return {"int8", 20};
    case Wire::kFloat8:
      return {"float8", 701};
    case Wire::kBool:
      return {"bool", 16};
    case Wire::kText:
      break;
  }
  return {"text", 25};
}

class ArrayWriter {
 public:
  ArrayWriter(Wire wire, size_t count, size_t bytes) {
    buffer_.reserve(kHeader + bytes);
    Put<int32_t>(1);
    Put<int32_t>(0);
    Put<uint32_t>(TypeOf(wire).oid);
    Put(static_cast<int32_t>(count));
    Put<int32_t>(1);
  }

  void AddNull() {
    buffer_[kHasNulls] = 1;
    Put<int32_t>(-1);
  }

  void AddBytes(std::string_view bytes) {
    Put(static_cast<int32_t>(bytes.size()));
    buffer_.append(bytes);
  }

  template <typename Integer>
  void AddInteger(Integer value) {
    Put(static_cast<int32_t>(sizeof(value)));
    Put(value);
  }

  pqxx::binarystring Take() const {
    return pqxx::binarystring(buffer_.data(), buffer_.size());
  }
  // Of the only element, its bytes.
  pqxx::binarystring TakeValue() const {
    constexpr size_t kStart = kHeader + sizeof(int32_t);
    return pqxx::binarystring(buffer_.data() + kStart, buffer_.size() - kStart);
  }

 private:
  static constexpr size_t kHeader = 20;
  static constexpr size_t kHasNulls = 7;  // the flag's lowest byte

  template <typename Integer>
  void Put(Integer value) {
    std::array<char, sizeof(value)> bytes;
    for (size_t i = sizeof(value); i-- > 0; value >>= 8 * (sizeof(value) > 1)) {
      bytes[i] = static_cast<char>(value & 0xff);
    }
    buffer_.append(bytes.data(), bytes.size());
  }

  std::string buffer_;
};

template <typename Integer>
bool AddWhole(std::string_view value, ArrayWriter* array) {
  const auto number = sql::ParseInteger(value);
  if (!number || *number < std::numeric_limits<Integer>::min() ||
      *number > std::numeric_limits<Integer>::max()) {
    return false;
  }
  array->AddInteger(static_cast<Integer>(*number));
  return true;
}

bool AddDouble(std::string_view value, ArrayWriter* array) {
  const auto number = sql::ParseDouble(value);
  if (number) array->AddInteger(std::bit_cast<int64_t>(*number));
  return number.has_value();
}

bool AddBool(std::string_view value, ArrayWriter* array) {
  const bool yes = value == "1" || value == "t" || value == "true";
  const bool no = value == "0" || value == "f" || value == "false";
  if (yes || no) array->AddInteger(static_cast<int8_t>(yes));
  return yes || no;
}

// False if `value` is no plain value of the wire's type.
bool AddValue(Wire wire, std::string_view value, ArrayWriter* array) {
  switch (wire) {
    case Wire::kInt2:
      return AddWhole<int16_t>(value, array);
    case Wire::kInt4:
      return AddWhole<int32_t>(value, array);
    case Wire::kInt8:
      return AddWhole<int64_t>(value, array);
    case Wire::kFloat8:
      return AddDouble(value, array);
    case Wire::kBool:
      return AddBool(value, array);
    case Wire::kText:
    case Wire::kBytea:
      break;
  }
  array->AddBytes(value);
  return true;
}

// An upper bound of what an element takes.
size_t SizeOf(std::string_view value) {
  return 4 + std::max<size_t>(value.size(), 8);
}

size_t SizeOf(std::span<const Cell> cells) {
  size_t bytes = 0;
  for (const Cell& cell : cells) bytes += SizeOf(cell.value);
  return bytes;
}

}  // namespace

Wire WireFor(std::string_view base_type) {
  if (base_type == "bytea") return Wire::kBytea;
  if (base_type == "smallint") return Wire::kInt2;
  if (base_type == "integer") return Wire::kInt4;
  if (base_type == "bigint") return Wire::kInt8;
  if (base_type == "double precision") return Wire::kFloat8;
  if (base_type == "boolean") return Wire::kBool;
  return Wire::kText;
}

std::string_view WireTypeName(Wire wire) { return TypeOf(wire).name; }

EncodedColumn EncodeColumn(Wire preferred, std::span<const Cell> cells) {
  ArrayWriter array(preferred, cells.size(), SizeOf(cells));
  for (const Cell& cell : cells) {
    if (cell.state != CellState::kValue) {
      array.AddNull();
    } else if (!AddValue(preferred, cell.value, &array)) {
      return EncodeColumn(Wire::kText, cells);
    }
  }
  return {preferred, array.Take()};
}

EncodedValue EncodeValue(Wire preferred, std::string_view value) {
  ArrayWriter array(preferred, 1, SizeOf(value));
  if (AddValue(preferred, value, &array)) {
    return {preferred, array.TakeValue()};
  }
  return EncodeValue(Wire::kText, value);
}

pqxx::binarystring EncodeStates(std::span<const Cell> cells) {
  ArrayWriter array(Wire::kInt2, cells.size(), cells.size() * 6);
  for (const Cell& cell : cells) {
    array.AddInteger(static_cast<int16_t>(cell.state));
  }
  return array.Take();
}

}  // namespace regear::postgres

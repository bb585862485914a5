// Columns of values as binary arrays, PostgreSQL's cheapest way in: the server
// neither parses numbers nor undoes quoting.
//
//   array   := dimensions=1 has-nulls element-oid count lower-bound=1 *element
//   element := length bytes | -1            all integers big-endian, 32 bits
#pragma once

#include <cstddef>
#include <cstdint>
#include <pqxx/binarystring>
#include <span>
#include <string>
#include <string_view>

#include "change/fold.h"

namespace regear::postgres {

// As what the values of a column travel.
enum class Wire { kText, kBytea, kInt2, kInt4, kInt8, kFloat8, kBool };

// The wire for a column of type `base_type`: text, which the statement casts,
// unless a value of the type is simple to write.
Wire WireFor(std::string_view base_type);

// The SQL name of the element type, such as "int4".
std::string_view WireTypeName(Wire wire);

struct EncodedColumn {
  Wire wire;
  pqxx::binarystring array;
};

struct EncodedValue {
  Wire wire;
  pqxx::binarystring value;
};

// The values of `cells` in order, NULL for those that have none. They travel
// as text if one of them is no plain value of the type of `preferred`, so
// that the server reads it its own way or says itself what is wrong.
EncodedColumn EncodeColumn(Wire preferred, std::span<const Cell> cells);

// The same for one value alone, which stands in no array.
EncodedValue EncodeValue(Wire preferred, std::string_view value);

// The states of `cells` as int2: 0 absent, 1 value, 2 default.
pqxx::binarystring EncodeStates(std::span<const Cell> cells);

}  // namespace regear::postgres

#include "connectors/postgres/pg_array.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace regear::postgres {
namespace {

std::string Bytes(const pqxx::binarystring& array) { return array.str(); }

Cell Value(std::string_view value) { return {CellState::kValue, value}; }

// The header of an array of `count` elements of the type `oid` < 256.
std::string Header(bool nulls, char oid, char count) {
  std::string header("\0\0\0\1\0\0\0", 7);
  header += static_cast<char>(nulls);
  header += std::string("\0\0\0", 3) + oid;
  header += std::string("\0\0\0", 3) + count;
  return header + std::string("\0\0\0\1", 4);
}

TEST(PgArrayTest, WritesTextWithNulls) {
  const std::vector<Cell> cells = {Value("ab"), {}, Value("")};
  const EncodedColumn column = EncodeColumn(Wire::kText, cells);
  EXPECT_EQ(Bytes(column.array), Header(true, 25, 3) +
                                     std::string("\0\0\0\2ab", 6) +
                                     "\xff\xff\xff\xff" + std::string(4, '\0'));
}

TEST(PgArrayTest, WritesIntegersBigEndian) {
  const std::vector<Cell> cells = {Value("258"), Value("-1")};
  const EncodedColumn column = EncodeColumn(Wire::kInt4, cells);
  EXPECT_EQ(column.wire, Wire::kInt4);
  EXPECT_EQ(Bytes(column.array),
            Header(false, 23, 2) + std::string("\0\0\0\4\0\0\1\2", 8) +
                std::string("\0\0\0\4", 4) + "\xff\xff\xff\xff");
}

TEST(PgArrayTest, WritesBooleans) {
  const std::vector<Cell> cells = {Value("true"), Value("0")};
  EXPECT_EQ(Bytes(EncodeColumn(Wire::kBool, cells).array),
            Header(false, 16, 2) + std::string("\0\0\0\1\1\0\0\0\1\0", 10));
}

TEST(PgArrayTest, FallsBackToTextForWhatItCannotRead) {
  for (const auto& [wire, value] :
       std::vector<std::pair<Wire, std::string_view>>{
           {Wire::kInt2, "32768"},
           {Wire::kInt4, "2147483648"},
           {Wire::kInt8, "nine"},
           {Wire::kFloat8, "Infinity"},
           {Wire::kBool, "yes"}}) {
    const std::vector<Cell> cells = {Value("1"), Value(value)};
    EXPECT_EQ(EncodeColumn(wire, cells).wire, Wire::kText) << value;
  }
}

TEST(PgArrayTest, WritesAValueWithoutArray) {
  const EncodedValue number = EncodeValue(Wire::kInt4, "258");
  EXPECT_EQ(number.wire, Wire::kInt4);
  EXPECT_EQ(Bytes(number.value), std::string("\0\0\1\2", 4));
  EXPECT_EQ(Bytes(EncodeValue(Wire::kText, "ab").value), "ab");
  EXPECT_EQ(Bytes(EncodeValue(Wire::kText, "").value), "");

  const EncodedValue word = EncodeValue(Wire::kInt4, "nine");
  EXPECT_EQ(word.wire, Wire::kText);
  EXPECT_EQ(Bytes(word.value), "nine");
}

TEST(PgArrayTest, WritesStates) {
  const std::vector<Cell> cells = {{}, Value("x"), {CellState::kDefault, {}}};
  EXPECT_EQ(Bytes(EncodeStates(cells)),
            Header(false, 21, 3) +
                std::string("\0\0\0\2\0\0\0\0\0\2\0\1\0\0\0\2\0\2", 18));
}

}  // namespace
}  // namespace regear::postgres

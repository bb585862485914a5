#include "connectors/sql/key_identity.h"

#include <bit>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <functional>

#include "connectors/sql/numeric_text.h"

namespace regear::sql {

namespace {

constexpr uint32_t kEmpty = UINT32_MAX;

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return lower;
}

std::string CanonicalNumber(std::string_view id) {
  if (const auto whole = ParseInteger(id)) return std::to_string(*whole);
  const auto number = ParseDouble(id);
  if (!number) return std::string(id);
  // A fraction of zero is the whole number: "5.0" and "5" are one key.
  const bool whole =
      *number > -1e15 && *number < 1e15 &&
      static_cast<double>(static_cast<int64_t>(*number)) == *number;
  if (whole) return std::to_string(static_cast<int64_t>(*number));
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), *number).ptr;
  return std::string(buffer, end);
}

std::string CanonicalUuid(std::string_view id) {
  std::string digits;
  for (char c : TrimBlanks(id)) {
    if (c != '-' && c != '{' && c != '}') digits += c;
  }
  return Lower(digits);
}

}  // namespace

std::string CanonicalKey(std::string_view id, KeyIdentity identity) {
  switch (identity) {
    case KeyIdentity::kNumber:
      return CanonicalNumber(id);
    case KeyIdentity::kUuid:
      return CanonicalUuid(id);
    case KeyIdentity::kAsciiNoCase:
      return Lower(id);
    case KeyIdentity::kTrailingBlanks:
      return std::string(id.substr(0, id.find_last_not_of(' ') + 1));
    case KeyIdentity::kBytes:
    case KeyIdentity::kAskDatabase:
      break;
  }
  return std::string(id);
}

std::vector<size_t> CountEarlier(std::span<const std::string_view> ids,
                                 size_t* max) {
  // Open addressing over the latest index of each id: one allocation per
  // batch, where a node-based map would make one per row.
  const size_t mask = std::bit_ceil(ids.size() * 2 + 2) - 1;
  std::vector<uint32_t> latest(mask + 1, kEmpty);
  std::vector<size_t> earlier(ids.size(), 0);
  *max = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    size_t slot = std::hash<std::string_view>()(ids[i]) & mask;
    while (latest[slot] != kEmpty && ids[latest[slot]] != ids[i]) {
      slot = (slot + 1) & mask;
    }
    if (latest[slot] != kEmpty) earlier[i] = earlier[latest[slot]] + 1;
    if (earlier[i] > *max) *max = earlier[i];
    latest[slot] = static_cast<uint32_t>(i);
  }
  return earlier;
}

}  // namespace regear::sql

// A place in an ordered source of changes.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regear {

// 128 bits that only the event source interprets; everyone else compares
// them. For a Redis stream it is the entry id (milliseconds, sequence number).
struct Position {
  uint64_t major = 0;
  uint64_t minor = 0;

  auto operator<=>(const Position&) const = default;

  // "<major>-<minor>", the text form of a stream entry id.
  std::string ToString() const;
  static std::optional<Position> Parse(std::string_view text);

  // The least position after this one.
  Position Next() const;
};

}  // namespace regear

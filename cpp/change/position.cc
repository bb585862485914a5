#include "change/position.h"

#include <charconv>

namespace regear {

namespace {

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace

std::string Position::ToString() const {
  return std::to_string(major) + "-" + std::to_string(minor);
}

std::optional<Position> Position::Parse(std::string_view text) {
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto major = ParseNumber(text.substr(0, dash));
  const auto minor = ParseNumber(text.substr(dash + 1));
  if (!major || !minor) return std::nullopt;
  return Position{*major, *minor};
}

Position Position::Next() const {
  return minor == UINT64_MAX ? Position{major + 1, 0}
                             : Position{major, minor + 1};
}

}  // namespace regear

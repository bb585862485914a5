// Small things about texts: letter case (ASCII) and numbers.
#pragma once

#include <strings.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace regear {

inline bool SameIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

inline std::string UpperCase(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  return upper;
}

inline std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return lower;
}

// Nothing unless all of `text` is one number.
template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  T number = 0;
  const auto [stop, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

// As Redis reads integers: no plus, no leading zeros.
inline std::optional<long long> ParseInteger(std::string_view text) {
  const auto number = ParseNumber<long long>(text);
  if (!number || std::to_string(*number) != text) return std::nullopt;
  return number;
}

}  // namespace regear

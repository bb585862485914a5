#include "connectors/sql/numeric_text.h"

#include <charconv>

namespace regear::sql {

namespace {

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Removes leading digits of `text`; returns how many there were.
size_t SkipDigits(std::string_view* text) {
  size_t count = 0;
  while (count < text->size() && IsDigit((*text)[count])) ++count;
  text->remove_prefix(count);
  return count;
}

void SkipSign(std::string_view* text) {
  if (!text->empty() && (text->front() == '-' || text->front() == '+')) {
    text->remove_prefix(1);
  }
}

// from_chars knows no plus sign.
std::string_view WithoutPlus(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') {
    text.remove_prefix(1);
  }
  return text;
}

template <typename Number>
std::optional<Number> ParseWhole(std::string_view text) {
  text = WithoutPlus(TrimBlanks(text));
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  return number;
}

}  // namespace

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  return ParseWhole<int64_t>(text);
}

bool IsDecimalNumber(std::string_view text) {
  text = TrimBlanks(text);
  SkipSign(&text);
  size_t digits = SkipDigits(&text);
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    digits += SkipDigits(&text);
  }
  if (digits == 0) return false;
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  text.remove_prefix(1);
  SkipSign(&text);
  return SkipDigits(&text) > 0 && text.empty();
}

bool IsWholeNumber(std::string_view text) {
  text = TrimBlanks(text);
  SkipSign(&text);
  return SkipDigits(&text) > 0 && text.empty();
}

std::optional<double> ParseDouble(std::string_view text) {
  if (!IsDecimalNumber(text)) return std::nullopt;
  return ParseWhole<double>(text);
}

}  // namespace regear::sql

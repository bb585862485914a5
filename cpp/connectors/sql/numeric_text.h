// Numbers written as text, as databases read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regear::sql {

// `text` without blanks (space, tab, line ends) around it.
std::string_view TrimBlanks(std::string_view text);

// A whole number with an optional sign and blanks around it; nothing if it is
// none or does not fit.
std::optional<int64_t> ParseInteger(std::string_view text);

// True for digits with an optional sign, fraction, exponent and blanks around
// them; not for "inf", "nan" or hexadecimal.
bool IsDecimalNumber(std::string_view text);

// True for digits with an optional sign and blanks around them, of any length.
bool IsWholeNumber(std::string_view text);

// A decimal number as a double; nothing if IsDecimalNumber is false or it is
// out of range.
std::optional<double> ParseDouble(std::string_view text);

}  // namespace regear::sql

// Which keys a write-through registration takes, and what they stand for.
#pragma once

#include <optional>
#include <string_view>

namespace regear {

// A prefix that ends with a letter or a digit matches what ':' or '{' follows;
// any other matches whatever follows.
bool MatchesThrough(std::string_view prefix, std::string_view key);

// What stands in the braces of `key`; without any the key itself.
std::string_view RealKey(std::string_view prefix, std::string_view key);

// The row's id: for a word prefix without braces what follows "prefix:", else
// what follows the first ':' of the real key. Nothing, or not a character:
// the key has no id.
std::optional<std::string_view> ThroughId(std::string_view prefix,
                                          std::string_view key);

}  // namespace regear

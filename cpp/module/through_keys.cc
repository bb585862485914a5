#include "module/through_keys.h"

#include <cctype>

namespace regear {

namespace {

bool IsWord(std::string_view prefix) {
  return !prefix.empty() &&
         std::isalnum(static_cast<unsigned char>(prefix.back())) != 0;
}

}  // namespace

bool MatchesThrough(std::string_view prefix, std::string_view key) {
  if (!key.starts_with(prefix)) return false;
  if (!IsWord(prefix)) return true;
  return key.size() > prefix.size() &&
         (key[prefix.size()] == ':' || key[prefix.size()] == '{');
}

std::string_view RealKey(std::string_view prefix, std::string_view key) {
  if (!key.starts_with(prefix)) return key;
  const std::string_view rest = key.substr(prefix.size());
  const size_t open = rest.find('{');
  const size_t close = rest.rfind('}');
  if (open == std::string_view::npos || close == std::string_view::npos ||
      close < open) {
    return key;
  }
  return rest.substr(open + 1, close - open - 1);
}

std::optional<std::string_view> ThroughId(std::string_view prefix,
                                          std::string_view key) {
  const std::string_view real = RealKey(prefix, key);
  const size_t colon =
      IsWord(prefix) && real == key ? prefix.size() : real.find(':');
  if (colon == std::string_view::npos || colon + 1 >= real.size()) {
    return std::nullopt;
  }
  return real.substr(colon + 1);
}

}  // namespace regear

#include "change/json_path.h"

#include <algorithm>
#include <optional>

namespace regear {

namespace {

constexpr std::string_view kNoName = " \t\n\r\f\v.[]'\"*?@()$,:\\";
constexpr size_t kMaxDigits = 9;

// What stands in front of `rest` is cut off; nothing if it is no such step.

std::optional<JsonStep> TakeName(std::string_view* rest) {
  rest->remove_prefix(1);
  const size_t end = std::min(rest->find_first_of(kNoName), rest->size());
  if (end == 0) return std::nullopt;
  JsonStep step{std::string(rest->substr(0, end))};
  rest->remove_prefix(end);
  return step;
}

std::optional<JsonStep> TakeIndex(std::string_view* rest) {
  rest->remove_prefix(1);
  const size_t end = rest->find(']');
  if (end == std::string_view::npos || end == 0 || end > kMaxDigits) {
    return std::nullopt;
  }
  JsonStep step;
  step.is_index = true;
  for (const char digit : rest->substr(0, end)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    step.index = step.index * 10 + static_cast<size_t>(digit - '0');
  }
  rest->remove_prefix(end + 1);
  return step;
}

std::optional<JsonStep> TakeQuoted(std::string_view* rest) {
  const char quote = (*rest)[1];
  JsonStep step;
  for (size_t i = 2; i + 1 < rest->size(); ++i) {
    const char c = (*rest)[i];
    if (c == quote) {
      if ((*rest)[i + 1] != ']') return std::nullopt;
      rest->remove_prefix(i + 2);
      return step;
    }
    if (c == '\\') ++i;
    step.member += (*rest)[i];
  }
  return std::nullopt;
}

std::optional<JsonStep> TakeStep(std::string_view* rest) {
  if (rest->front() == '.') return TakeName(rest);
  if (rest->starts_with("['") || rest->starts_with("[\"")) {
    return TakeQuoted(rest);
  }
  if (rest->front() == '[') return TakeIndex(rest);
  return std::nullopt;
}

}  // namespace

Result<JsonPath> ParseJsonPath(std::string_view text) {
  JsonPath path;
  std::string_view rest = text;
  bool valid = rest.starts_with('$');
  if (valid) rest.remove_prefix(1);
  while (valid && !rest.empty()) {
    auto step = TakeStep(&rest);
    valid = step.has_value();
    if (valid) path.push_back(*std::move(step));
  }
  if (valid) return path;
  return Status(StatusCode::kInvalid, "not a JSON path: " + std::string(text),
                "paths look like $.a.b, $['a b'], $.a[0]");
}

}  // namespace regear

#include "change/key_template.h"

#include <algorithm>
#include <utility>

namespace regear {

namespace {

Status Malformed(std::string_view text, std::string_view why) {
  return Status(StatusCode::kInvalid, "key template \"" + std::string(text) +
                                          "\": " + std::string(why));
}

}  // namespace

Result<KeyTemplate> KeyTemplate::Parse(std::string_view text) {
  KeyTemplate parsed;
  parsed.text_ = text;
  parsed.ends_.clear();
  size_t open = text.find('{');
  parsed.prefix_ = text.substr(0, open);
  if (parsed.prefix_.find('}') != std::string::npos) {
    return Malformed(text, "} without {");
  }
  while (open != std::string_view::npos) {
    const size_t close = text.find('}', open);
    if (close == std::string_view::npos) return Malformed(text, "{ without }");
    std::string name(text.substr(open + 1, close - open - 1));
    if (name.empty() || name.find('{') != std::string::npos) {
      return Malformed(text, "a placeholder is {column}");
    }
    if (std::find(parsed.columns_.begin(), parsed.columns_.end(), name) !=
        parsed.columns_.end()) {
      return Malformed(text, "{" + name + "} stands twice");
    }
    open = text.find('{', close);
    std::string end(text.substr(close + 1, open - close - 1));
    if (end.find('}') != std::string::npos) {
      return Malformed(text, "} without {");
    }
    if (end.empty() && open != std::string_view::npos) {
      return Malformed(text, "nothing separates {" + name + "} from the next");
    }
    parsed.columns_.push_back(std::move(name));
    parsed.ends_.push_back(std::move(end));
  }
  if (parsed.columns_.empty()) return Malformed(text, "it has no placeholder");
  return parsed;
}

bool KeyTemplate::Split(std::string_view remainder,
                        std::span<std::string_view> parts) const {
  const std::string& suffix = ends_.back();
  if (!remainder.ends_with(suffix)) return false;
  remainder.remove_suffix(suffix.size());
  for (size_t i = 0; i + 1 < ends_.size(); ++i) {
    const size_t end = remainder.find(ends_[i]);
    if (end == std::string_view::npos) return false;
    parts[i] = remainder.substr(0, end);
    remainder.remove_prefix(end + ends_[i].size());
  }
  parts.back() = remainder;
  return true;
}

std::optional<std::string> KeyTemplate::Join(
    std::span<const std::string> parts) const {
  std::string remainder;
  for (size_t i = 0; i < parts.size(); ++i) remainder += parts[i] + ends_[i];
  std::vector<std::string_view> split(parts.size());
  if (!Split(remainder, split) ||
      !std::equal(parts.begin(), parts.end(), split.begin())) {
    return std::nullopt;
  }
  return remainder;
}

}  // namespace regear

// How keys name the rows of a table with more than one key column.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace regear {

// A pattern of keys, such as "order:{region}:{id}":
//   template    := prefix placeholder *(separator placeholder) suffix
//   placeholder := "{" column "}"
// A separator is at least one character; prefix and suffix may be empty. The
// part of a key behind the prefix is its remainder. Each placeholder but the
// last takes the text up to the next occurrence of its separator, the last
// takes the rest, so a key of the template splits in one way only.
class KeyTemplate {
 public:
  // Plain: the remainder is the value of the only key column.
  KeyTemplate() = default;

  // kInvalid, saying why, if `text` is no template.
  static Result<KeyTemplate> Parse(std::string_view text);

  bool plain() const { return columns_.size() <= 1 && ends_.back().empty(); }
  const std::string& text() const { return text_; }
  const std::string& prefix() const { return prefix_; }
  const std::vector<std::string>& columns() const { return columns_; }

  // Splits `remainder` into the values of the columns, which `parts` has as
  // many elements as. False, with `parts` undefined, if it does not match.
  bool Split(std::string_view remainder,
             std::span<std::string_view> parts) const;

  // The remainder of the key whose columns have these values; nothing if there
  // is no such key, because a value holds a separator.
  std::optional<std::string> Join(std::span<const std::string> parts) const;

 private:
  std::string text_;
  std::string prefix_;
  std::vector<std::string> columns_;
  std::vector<std::string> ends_ = {""};  // what follows each placeholder
};

}  // namespace regear

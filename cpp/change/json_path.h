// Paths to one place in a JSON document: "$", "$.a.b", "$['a b']", "$.a[0]".
//
//   path   := "$" *step
//   step   := "." name | "[" index "]" | "['" text "']" | "[\"" text "\"]"
//   name   := one or more characters but blanks and . [ ] ' " * ? @ ( ) $ , :
//   \. index  := digits, at most nine, from 0 text   := any characters, the
//   quote and \ after a \.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace regear {

struct JsonStep {
  std::string member;     // of an object
  size_t index = 0;       // of an array, if is_index
  bool is_index = false;  // else member counts

  bool operator==(const JsonStep&) const = default;
};

using JsonPath = std::vector<JsonStep>;  // empty: the document itself

// kInvalid if `text` is no path.
Result<JsonPath> ParseJsonPath(std::string_view text);

}  // namespace regear

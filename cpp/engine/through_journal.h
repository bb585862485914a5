// What a group of writes made of their keys, as the database remembers it
// until Redis has it too. A text of one line per part of the group:
//   token
//   id key operation cleared [field…] fields [field value…]
// where `cleared` and `fields` count what follows. Words are separated by
// spaces and percent-encoded, an empty one is "%".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "change/change.h"

namespace regear {

struct ThroughJournal {
  std::string token;               // names the group; empty: there is none
  size_t parts = 0;                // of the group
  std::vector<std::string> words;  // of all parts, decoded
};

std::string EncodeJournal(std::string_view token, const ChangeBatch& group);

// kStop, if `text` was not written by EncodeJournal.
Result<ThroughJournal> DecodeJournal(std::string_view text);

}  // namespace regear

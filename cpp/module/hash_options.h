// What stands between the key and the fields of HSETEX and HGETDEL.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "module/handles.h"

namespace regear {

// HSETEX key [FNX | FXX] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]
//   FIELDS count (field value)…
struct HsetexOptions {
  std::string error;              // as Redis says it; then nothing else is true
  bool if_none = false;           // FNX: only if none of the fields is there
  bool if_all = false;            // FXX: only if all of them are
  bool is_past = false;           // the fields will be gone at once
  std::vector<StringPtr> expiry;  // the words about it: EX 10, say
  size_t first_field = 0;         // in the command's words
};
HsetexOptions ParseHsetex(const std::vector<StringPtr>& words,
                          long long now_ms);

// HGETDEL key FIELDS count field…, of which the fields begin at words[4].
// Empty, or what Redis says is wrong with it.
std::string HgetdelError(const std::vector<StringPtr>& words);

}  // namespace regear

// What a command that writes one hash will do to it, found out beforehand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "module/handles.h"

namespace regear {

// The commands on one key that are written through.
enum class HashCommand : uint8_t {
  kNone,
  kHset,  // HMSET too
  kHsetnx,
  kHincrby,
  kHincrbyfloat,
  kHsetex,
  kHdel,
  kHgetdel,
  kDelete,  // DEL, UNLINK
};

HashCommand HashCommandNamed(std::string_view name);

// True if `count` words, the name among them, are as many as it may have.
bool HasArityOf(HashCommand command, size_t count);

struct HashWrite {
  struct Pair {
    StringPtr field;
    StringPtr value;
  };
  std::vector<Pair> set;           // a field that comes twice: the last counts
  std::vector<StringPtr> cleared;  // fields that are there and will be gone
  bool deletes = false;            // the key will be gone
  // Not empty: the command fails with it, whatever the database says.
  std::string error;

  // HSETEX: what it says about the time to live of the fields in `set`.
  std::vector<StringPtr> expiry;
  // HGETDEL: the values of the fields that it names, null where there is none.
  std::vector<StringPtr> values;
};

// `words` is the whole command; words[1] names its key, which is looked up in
// the selected database. Nothing is written.
HashWrite Foresee(rm::Ctx* ctx, HashCommand command,
                  const std::vector<StringPtr>& words);

}  // namespace regear

// What a command that writes one hash will do to it, found out beforehand;
// for documents: document_write.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "module/handles.h"

namespace regear {

// The commands that are written through.
enum class ThroughCommand : uint8_t {
  kNone,
  kHset,  // HMSET too
  kHsetnx,
  kHincrby,
  kHincrbyfloat,
  kHsetex,
  kHdel,
  kHgetdel,
  kDelete,    // DEL, UNLINK
  kDocument,  // JSON.*
};

ThroughCommand ThroughCommandNamed(std::string_view name);

// True if `count` words, the name among them, are as many as it may have.
bool HasArityOf(ThroughCommand command, size_t count);

struct KeyWrite {
  struct Pair {
    StringPtr field;
    StringPtr value;
  };
  // A field that comes twice: the last counts. Of a document all of it in one.
  std::vector<Pair> set;
  std::vector<StringPtr> cleared;  // fields that are there and will be gone
  bool deletes = false;            // the key will be gone
  // Not empty: the command fails with it, whatever the database says.
  std::string error;

  bool document = false;  // `set` is one

  // HSETEX: what it says about the time to live of the fields in `set`.
  std::vector<StringPtr> expiry;
  // HGETDEL: the values of the fields that it names, null where there is none.
  std::vector<StringPtr> values;
};

// `words` is the whole command; words[1] names its key, which is looked up in
// the selected database. Nothing is written.
KeyWrite Foresee(rm::Ctx* ctx, ThroughCommand command,
                 const std::vector<StringPtr>& words);

}  // namespace regear

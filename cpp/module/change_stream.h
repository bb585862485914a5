// One change stream with all that belongs to it. Outlives the rule that
// appends to it: a new version of a registration goes on with it.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "module/dirty_keys.h"
#include "module/kept_key.h"
#include "module/stream_id.h"

namespace regear {

class CaptureRule;

struct StreamNames {
  std::string stream;
  std::string dead;
  std::string parked;
  std::string dirty;
};

// Main thread only.
struct ChangeStream {
  static constexpr long long kNoLimit = std::numeric_limits<long long>::max();

  explicit ChangeStream(const StreamNames& names)
      : changes(names.stream, rm::kKeyStream),
        dead(names.dead, rm::kKeyStream),
        parked(names.parked, rm::kKeyStream),
        dirty(names.dirty) {}

  std::array<KeptKey*, 4> keys() {
    return {&changes, &dead, &parked, &dirty.hash()};
  }
  bool full() const { return changes.size() >= limit; }
  // Whether keys that are dirty may be appended now. Once there is no room
  // left it waits until half of the stream is free.
  bool Refills();

  KeptKey changes;
  KeptKey dead;
  KeptKey parked;
  DirtyKeys dirty;

  std::weak_ptr<CaptureRule> rule;  // none: its registration is gone
  long long limit = kNoLimit;       // entries
  StreamId last;        // ids never go back, also if the key was deleted
  bool refills = true;  // see Refills
  bool fails = false;   // the last append did
  // Something keeps changes from being simply appended; false in normal life.
  bool needs_care = false;

  uint64_t lost = 0;    // changes that others took away
  std::string failure;  // why appends fail; empty: they do not
  std::string loss;     // what was lost last
};

}  // namespace regear

// The open dead letters of a registration.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "change/fold.h"
#include "engine/ledger.h"

namespace regear {

// Knows which rows have dead letters, so that a newer change of such a row
// that reaches the target settles them: it holds everything they did. Used by
// the committer's thread only.
class DeadLetters {
 public:
  // `ledger` must outlive it.
  explicit DeadLetters(Ledger* ledger) : ledger_(ledger) {}

  // Learns what is open from earlier; does nothing once it has succeeded.
  Status Load();

  // Keeps `change` for good. OK means that it is safe to go on without it.
  Status Add(const SetAside& change);

  // The rows of `folded` are in the target now.
  void OnCommitted(const FoldedBatch& folded);
  // Removes what OnCommitted settled; what fails is tried again next time.
  Status RemoveSettled();

  bool Has(std::string_view key, Position change) const;

 private:
  struct Letter {
    std::string entry;  // id in the stream of dead letters
    Position change;
  };

  // Beyond so many rows the letters stay until they are replayed.
  static constexpr size_t kMaxRows = 100'000;

  void Track(std::string_view key, Letter letter);

  Ledger* const ledger_;
  bool loaded_ = false;
  std::unordered_map<std::string, std::vector<Letter>> open_;  // by key
  std::vector<std::string> settled_;                           // entry ids
};

}  // namespace regear

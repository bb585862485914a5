// What the module keeps for a worker beside its stream: changes that were set
// aside, acknowledgements for clients, and where each life of the data set
// began.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "change/change.h"

namespace regear {

// Where changes lie that left the stream and are not in the target.
enum class Shelf : uint8_t {
  kDead,    // the target will never accept them: an operator has to act
  kParked,  // the row that they refer to is missing still
};

// A change that is set aside, and why.
struct SetAside {
  Position change;
  std::string key;
  std::string event;
  std::string ack;  // id of the client's ack stream; empty: none
  Operation operation = Operation::kMerge;
  std::vector<std::string> cleared;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string error;  // the target's message
  std::string code;   // the target's code in it: an SQLSTATE, an errno
};

// All that is known of `change`, with memory of its own.
SetAside CopyOf(const ChangeBatch& batch, const Change& change);
// Appends `change` to `batch`, at `position`.
void AppendTo(ChangeBatch* batch, const SetAside& change, Position position);
// The change of which `entry` of a shelf tells: their ids may differ.
Position ChangeOf(const ChangeBatch& shelf, const Change& entry);

// The outcome of a write for which the client asked by a `#` operation.
struct AckMessage {
  std::string stream;  // "{person:1}abc"
  std::string error;   // empty: done
};

// One life of the data set.
struct Epoch {
  uint64_t number = 0;
  std::string id;
  Position start;  // the newest change of the stream when it began
};

// Every method is called by one worker's threads and asks the module; kFenced
// if another host has taken over. What was written is as durable and as
// replicated as any write of that Redis.
class Ledger {
 public:
  virtual ~Ledger() = default;

  // Returns the id of the new entry; an empty one if the change lies there
  // already, from before a crash.
  virtual Result<std::string> Put(Shelf shelf, const SetAside& change) = 0;
  virtual Status Remove(Shelf shelf, const std::vector<std::string>& ids) = 0;
  // The next changes behind the entry `after`; each has its entry's id as
  // position. Empty at the end.
  virtual Result<ChangeBatch> Read(Shelf shelf, Position after) = 0;

  virtual Status Acknowledge(const std::vector<AckMessage>& messages) = 0;

  // Oldest first; the last one is the present one.
  virtual Result<std::vector<Epoch>> Epochs() = 0;

  // Remembers, across restarts of this host, that all keys have to be
  // captured anew. An empty reason: it is done.
  virtual Status MarkReconciling(const std::string& reason) = 0;
};

}  // namespace regear

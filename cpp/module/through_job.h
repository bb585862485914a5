// One write that waits for its database, with its client.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "module/capture_rule.h"
#include "module/handles.h"
#include "module/hash_write.h"
#include "module/one_shot_timer.h"
#include "module/reply_copy.h"
#include "module/stream_id.h"

namespace regear {

// What the write is to do to one key.
struct ThroughPart {
  StringPtr key;
  std::string row_id;
  StreamId id;     // given when it is handed over
  KeyWrite write;  // foreseen when it is handed over
};

// All of it, or nothing of it, is written.
struct ThroughJob {
  enum class Stage : uint8_t {
    kWaiting,  // for another write of one of its keys
    kReady,    // to be handed over
    kHanded,   // may be in the database
    kDone,
  };

  std::string registration;
  std::shared_ptr<CaptureRule> fields;
  int db = 0;
  ThroughCommand command = ThroughCommand::kNone;
  std::vector<StringPtr> words;  // of the command, on the real keys, without #
  std::vector<int> keys;         // which of them are keys, ascending
  std::vector<ThroughPart> parts;
  bool redis_only = false;  // the database is not to know of it
  ReplyCopy foreseen;       // of a command on documents
  std::string ack;          // id of the client's ack stream; empty: none
  rm::BlockedClient* client = nullptr;  // null: nobody waits any more
  OneShotTimer timer;                   // how long it waits
  bool resp3 = false;

  Stage stage = Stage::kWaiting;
  bool cancelled = false;  // its client was told that nothing will happen
  bool touched = false;    // somebody wrote a key after it was handed over

  StreamId last_id() const { return parts.back().id; }
};
using ThroughJobPtr = std::shared_ptr<ThroughJob>;

struct ThroughRule {
  std::string name;  // of the registration
  std::string prefix;
  std::shared_ptr<CaptureRule> fields;  // its database, and what is mapped
  long long timeout_ms = 0;
};

// The value of '#' among the fields of `words`, empty if there is none.
std::string_view OperationIn(ThroughCommand command, rm::String** words,
                             int count);
// "=", "+", "~" or "-" and the rest; see module/operations.h.
bool IsKnownOperation(std::string_view value);

// `words`, of which those at `keys` are keys that `rule` takes and that have
// ids.
ThroughJobPtr MakeThroughJob(rm::Ctx* ctx, const ThroughRule& rule,
                             ThroughCommand command, rm::String** words,
                             int count, std::vector<int> keys);

// Finds out what the job will do, from the keys as they are now. False if the
// database need not know: it fails, or changes nothing that is mapped.
bool ForeseeJob(rm::Ctx* ctx, ThroughJob* job);

}  // namespace regear

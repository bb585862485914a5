// The backlog: changes that are not in the target yet. It is no cache: it
// survives FLUSHALL, is bounded where the recipe says so, and what others take
// out of it is noticed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "module/capture_rule.h"
#include "module/change_entry.h"
#include "module/change_stream.h"
#include "module/epochs.h"
#include "module/key_state.h"
#include "module/server_state.h"

namespace regear {

// Main thread only.
class Backlog {
 public:
  explicit Backlog(const ServerState& server) : server_(server) {}

  // A stream, and the rule that appends to it; null if there is none any more.
  struct Use {
    StreamNames names;
    std::shared_ptr<CaptureRule> rule;
    long long limit = ChangeStream::kNoLimit;
  };
  // Connects the rules to their streams. Streams that were not used before
  // are looked up.
  void SetUses(rm::Ctx* ctx, const std::vector<Use>& uses,
               const Epochs& epochs);
  // Another data set takes the place of this one.
  void Forget();

  // Appends `entry`, or remembers that its key is dirty. False if neither
  // was possible: the change is lost, and the stream's status says so.
  bool Append(rm::Ctx* ctx, CaptureRule* rule, ChangeEntry* entry) {
    ChangeStream* stream = rule->backlog.get();
    if (stream->needs_care) [[unlikely]] {
      return AppendWithCare(ctx, rule, entry);
    }
    return AppendNow(ctx, stream, entry) || OnFailure(ctx, rule, entry);
  }

  // Removes the entries up to `last`, which are in the target.
  void Trim(rm::Ctx* ctx, rm::String* stream, StreamId last);

  // Forgets the keys that wait for room in `stream`; how many there were.
  long long PurgeDirty(rm::Ctx* ctx, std::string_view stream);

  // `key` of database 0, one of ours, was changed.
  void OnKeyEvent(rm::Ctx* ctx, std::string_view event, std::string_view key);
  // The server is about to take away a key of the selected database, which
  // expired or is evicted: if it is dirty, its state is kept until it is gone,
  // as nothing may be written before.
  void BeforeRemoval(rm::Ctx* ctx, rm::Key* key);
  // It is gone: its last state is appended, no matter how full the stream is.
  void AfterRemoval(rm::Ctx* ctx, rm::String* key);
  // Database `db` is about to be emptied; -1: all of them.
  void OnFlushStart(rm::Ctx* ctx, int db);
  // The data set is about to be replaced: nothing is put back.
  void DropSaved() { saved_.clear(); }

  // Null if there is no such stream.
  const ChangeStream* Find(std::string_view stream) const;
  uint64_t lost() const { return lost_; }

 private:
  using StreamPtr = std::shared_ptr<ChangeStream>;
  struct OwnKey {
    StreamPtr stream;
    KeptKey* key;
  };
  struct LastState {
    StreamPtr stream;
    std::shared_ptr<CaptureRule> rule;
    std::string key;
    KeyState state;
    DirtyKey dirty;
  };
  struct Saved {
    StreamPtr stream;
    KeptKey* key;
    std::string dump;
  };

  StreamPtr Open(rm::Ctx* ctx, const StreamNames& names, const Epochs& epochs);
  bool AppendNow(rm::Ctx* ctx, ChangeStream* stream, ChangeEntry* entry);
  bool AppendWithCare(rm::Ctx* ctx, CaptureRule* rule, ChangeEntry* entry);
  bool OnFailure(rm::Ctx* ctx, CaptureRule* rule, ChangeEntry* entry);
  bool MarkDirty(rm::Ctx* ctx, CaptureRule* rule, const ChangeEntry& entry);
  void LookAfter(ChangeStream* stream);
  void Lose(rm::Ctx* ctx, ChangeStream* stream, long long count,
            const std::string& how);

  // Appends dirty keys for which there is room; false if that fails.
  bool Refill(rm::Ctx* ctx, ChangeStream* stream, size_t max);
  bool AppendState(rm::Ctx* ctx, ChangeStream* stream, CaptureRule* rule,
                   const std::string& key, const KeyState& state,
                   const DirtyKey& dirty);
  void AddLetterOfGone(rm::Ctx* ctx, ChangeStream* stream,
                       const std::string& key);

  void Save(rm::Ctx* ctx, const StreamPtr& stream, KeptKey* key);
  void PutBack(rm::Ctx* ctx);
  void WorkLater(rm::Ctx* ctx, long long ms);
  void Work(rm::Ctx* ctx);

  const ServerState& server_;
  std::map<std::string, StreamPtr, std::less<>> streams_;  // by name
  std::unordered_map<std::string, OwnKey> own_;            // by key
  std::vector<Saved> saved_;        // flushed, not yet put back
  std::vector<LastState> removed_;  // between Before- and AfterRemoval
  bool work_is_due_ = false;
  uint64_t lost_ = 0;
};

}  // namespace regear

// Writes that are in the database before they are in Redis: each waits, with
// its client, until the host has committed it. Nobody else waits.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "module/capture_rule.h"
#include "module/handles.h"
#include "module/hash_write.h"
#include "module/one_shot_timer.h"
#include "module/stream_id.h"
#include "module/through_job.h"
#include "module/through_queue.h"

namespace regear {

// Of one registration, since the module was loaded.
struct ThroughCounts {
  uint64_t waiting = 0;    // now, not handed over
  uint64_t in_flight = 0;  // now, handed over
  uint64_t committed = 0;
  uint64_t refused = 0;
  uint64_t in_doubt = 0;   // clients that were told so
  uint64_t timed_out = 0;  // clients that were told that nothing happened
};

// How one lane of a host, which writes one group of jobs after another, left
// its place in the database.
struct RecoveredLane {
  uint64_t lane = 0;
  // Jobs of it up to here are in the database.
  StreamId position;
  // The token of its last group, and, unless it was applied here, what that
  // group wrote.
  std::string token;
  std::vector<ThroughPart> journal;
};

// A host writes in lanes, each of which has one group of jobs in hand at a
// time: it asks for a group (Read), commits it and says so (Commit). Main
// thread only.
class WriteThrough {
 public:
  static constexpr size_t kMaxJobs = 100'000;

  WriteThrough();

  void SetRules(std::vector<ThroughRule> rules);
  bool active() const { return !rules_.empty(); }
  bool full() const { return queue_.size() >= kMaxJobs; }
  // Null if no rule takes `key`; of any database.
  const ThroughRule* RuleOf(std::string_view key) const;

  // Blocks the client of `words`, a command on keys, at `keys`, that `rule`
  // takes.
  void Enqueue(rm::Ctx* ctx, const ThroughRule& rule, ThroughCommand command,
               rm::String** words, int count, std::vector<int> keys);

  // Replies as XREAD does, with up to `count` writes of the registration
  // `name` behind `after`: those that this lane was given before, then new
  // ones. Waits for the first one for up to `block_ms`; 0: not at all.
  int Read(rm::Ctx* ctx, std::string_view name, uint64_t lane, size_t count,
           long long block_ms, StreamId after);
  // The database has all that the lane was given up to `last`: it is applied
  // and answered. `token` names the group in the database's journal.
  void Commit(rm::Ctx* ctx, std::string_view name, uint64_t lane, StreamId last,
              std::string_view token);
  // The database refuses the job whose last part is `id`: nothing happened.
  void Refuse(rm::Ctx* ctx, std::string_view name, uint64_t lane, StreamId id,
              std::string_view message);
  // A new host takes up the lanes of the one before: nobody writes there any
  // more. All that was handed over is settled or will be handed over again.
  void Recover(rm::Ctx* ctx, std::string_view name,
               const std::vector<RecoveredLane>& lanes);

  void OnKeyEvent(int db, std::string_view key) { queue_.Touch(db, key); }
  // Databases were flushed or swapped.
  void TouchAll() { queue_.TouchAll(); }
  // Clients are answered. What was handed over may be in the database: it
  // stays, and the next host settles it.
  void OnHostLost();
  // The data set is no longer ours: nothing of it is kept.
  void Forget();

  ThroughCounts CountsOf(std::string_view name) const;

 private:
  struct Lane {
    std::map<StreamId, ThroughJobPtr> handed;  // by the id of the last part
    rm::BlockedClient* reader = nullptr;
    OneShotTimer timer;  // how long it waits
  };
  struct Line {
    std::map<uint64_t, Lane> lanes;
    // The reader that is about to take what is ready.
    rm::BlockedClient* waking = nullptr;
    bool gathering = false;  // a timer ends it
    uint64_t recovered = 0;  // under this fence
    ThroughCounts counts;
  };

  Line& LineOf(std::string_view name) { return lines_[std::string(name)]; }
  // There are jobs that may go.
  void WakeReader(const std::string& name);
  void WakeNow(const std::string& name);
  // Returns the one that was waiting; its reply callback sends what is there.
  static rm::BlockedClient* Unblock(Lane* lane);
  static size_t CountHanded(const Line& line);
  bool IsBetterLater(const std::string& name, const Line& line);
  // In one group.
  size_t MaxJobs(const std::string& name, const Line& line) const;
  void Gather(const std::string& name, Line* line);
  int ReplyJobs(rm::Ctx* ctx, const std::string& name, uint64_t lane,
                size_t count, StreamId after);
  // Takes what is ready, up to `count` parts of up to MaxJobs.
  void HandOver(rm::Ctx* ctx, const std::string& name, Lane* lane,
                size_t count);
  // Outside of the reply to the host: what runs there is not replicated.
  void RunLater(rm::Ctx* ctx, const ThroughJobPtr& job);
  void Apply(rm::Ctx* ctx, const ThroughJobPtr& job);
  void Answer(ThroughJob* job, std::string_view error);
  void Cancel(const ThroughJobPtr& job, std::string_view why);
  void PutBackAll(Line* line);
  rm::BlockedClient* TakeClient(ThroughJob* job);
  StreamId NextId();

  static int OnReadable(rm::Ctx* ctx, rm::String** argv, int argc);
  static void OnReaderGone(rm::Ctx* ctx, rm::BlockedClient* client);
  Lane* LaneOf(rm::BlockedClient* reader);
  // Its time is over: what its client is told.
  const char* TimeOut(const ThroughJobPtr& job);
  static void OnTimeout(void* client);
  static int OnUnblock(rm::Ctx* ctx, rm::String** argv, int argc);
  static void OnClientGone(rm::Ctx* ctx, rm::BlockedClient* client);

  std::vector<ThroughRule> rules_;
  ThroughQueue queue_;
  std::map<std::string, Line, std::less<>> lines_;  // by registration
  std::unordered_map<rm::BlockedClient*, ThroughJobPtr> clients_;
  StreamId last_;
};

// rg.wt command key argument…: what the command filter makes of a write to a
// key that is written through.
int WriteThroughCommand(rm::Ctx* ctx, rm::String** argv, int argc);
int CreateWriteThroughCommand(rm::Ctx* ctx);

}  // namespace regear

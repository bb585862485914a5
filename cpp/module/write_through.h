// Writes that are in the database before they are in Redis: each waits, with
// its client, until the host has committed it. Nobody else waits.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "module/capture_rule.h"
#include "module/handles.h"
#include "module/hash_write.h"
#include "module/stream_id.h"

namespace regear {

struct ThroughRule {
  std::string name;  // of the registration
  std::string prefix;
  std::shared_ptr<CaptureRule> fields;  // its database, and what is mapped
  long long timeout_ms = 0;
};

// Main thread only.
class WriteThrough {
 public:
  static constexpr size_t kMaxJobs = 100'000;

  void SetRules(std::vector<ThroughRule> rules);
  bool active() const { return !rules_.empty(); }
  bool full() const { return jobs_ >= kMaxJobs; }
  // Null if no rule takes `key`; of any database.
  const ThroughRule* RuleOf(std::string_view key) const;

  // Blocks the client of `words`, a command on a key that `rule` takes.
  void Enqueue(rm::Ctx* ctx, const ThroughRule& rule, HashCommand command,
               rm::String** words, int count);

  // Replies as XREAD does, with up to `count` writes of the registration
  // `name` behind `after`: those that were handed over before, then new ones.
  // Waits for the first one for up to `block_ms`; 0: not at all.
  int Read(rm::Ctx* ctx, std::string_view name, size_t count,
           long long block_ms, StreamId after);
  // The database has everything up to `last`: it is applied and answered.
  void Commit(rm::Ctx* ctx, std::string_view name, StreamId last);
  // The database refuses one: nothing has happened.
  void Refuse(std::string_view name, StreamId id, std::string_view message);

  void OnKeyEvent(int db, std::string_view key);
  // Clients are answered. What was handed over may be in the database: it
  // stays, and the next host is asked for it.
  void OnHostLost();
  // The data set is no longer ours: nothing of it is kept.
  void Forget();

 private:
  struct Job {
    StreamId id;  // given when it is handed over
    std::shared_ptr<CaptureRule> fields;
    int db = 0;
    HashCommand command = HashCommand::kNone;
    std::vector<StringPtr> words;  // words[1] is the real key
    std::string row_id;
    rm::BlockedClient* client = nullptr;  // null: nobody waits any more
    bool resp3 = false;
    bool handed = false;
    bool cancelled = false;  // its client was told that nothing will happen
    bool touched = false;    // somebody wrote the key after it was handed over
    HashWrite write;
  };
  using JobPtr = std::shared_ptr<Job>;
  // What one registration is to write.
  struct Line {
    std::deque<JobPtr> ready;  // the first of their keys
    std::map<StreamId, JobPtr> handed;
    rm::BlockedClient* reader = nullptr;
    size_t count = 0;
    StreamId after;
  };

  static std::string KeyOf(int db, std::string_view key);
  void MakeReady(const std::string& name, const JobPtr& job);
  void WakeReader(Line* line);
  int ReplyJobs(rm::Ctx* ctx, const std::string& name, size_t count,
                StreamId after);
  // False if the database need not know of it.
  static bool ForeseeJob(rm::Ctx* ctx, Job* job);
  // Outside of the reply to the host: what runs there is not replicated.
  void RunLater(rm::Ctx* ctx, const std::string& name, const JobPtr& job);
  void Apply(rm::Ctx* ctx, Job* job);
  // The next job of its key may go.
  void Finish(const std::string& name, const JobPtr& job);
  StreamId NextId();

  static int OnReadable(rm::Ctx* ctx, rm::String** argv, int argc);
  static int OnReadTimeout(rm::Ctx* ctx, rm::String** argv, int argc);
  static void OnReaderGone(rm::Ctx* ctx, rm::BlockedClient* client);
  static int OnTimeout(rm::Ctx* ctx, rm::String** argv, int argc);
  static void OnClientGone(rm::Ctx* ctx, rm::BlockedClient* client);

  std::vector<ThroughRule> rules_;
  std::map<std::string, Line, std::less<>> lines_;  // by registration
  // The jobs of each key, in order; only the first one is ready or handed
  // over. By database and key.
  std::unordered_map<std::string, std::deque<JobPtr>> keys_;
  std::unordered_map<rm::BlockedClient*, JobPtr> clients_;
  size_t jobs_ = 0;
  StreamId last_;
};

// rg.wt command key argument…: what the command filter makes of a write to a
// key that is written through.
int WriteThroughCommand(rm::Ctx* ctx, rm::String** argv, int argc);
int CreateWriteThroughCommand(rm::Ctx* ctx);

}  // namespace regear

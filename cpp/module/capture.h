// Capture: appends what happened to matching keys to their change streams,
// inside the command, transaction or script that did it.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "module/backlog.h"
#include "module/capture_rule.h"
#include "module/change_entry.h"
#include "module/event_kind.h"
#include "module/key_state.h"
#include "module/migrated_keys.h"
#include "module/module_api.h"
#include "module/operations.h"
#include "module/removed_fields.h"
#include "module/server_state.h"
#include "module/unit_tracker.h"

namespace regear {

// Main thread only. The state of a key is read in the notification itself, so
// that every intermediate state of a transaction is captured. It is appended
// there too on Redis 7.0; later servers forbid writes in notifications and
// run one job at the end of the unit instead.
class Capture {
 public:
  Capture(const ServerState& server, RemovedFields& removed,
          MigratedKeys& migrated, UnitTracker& units, Backlog& backlog)
      : server_(server),
        removed_(removed),
        migrated_(migrated),
        units_(units),
        backlog_(backlog) {}

  // Rules take effect with the next event.
  void SetRules(std::vector<std::shared_ptr<CaptureRule>> rules) {
    rules_ = std::move(rules);
  }
  bool empty() const { return rules_.empty(); }

  // Whether some rule captures `key`, in whichever database.
  bool MatchesAnyDb(std::string_view key) const;

  void OnKeyEvent(rm::Ctx* ctx, int notify_class, std::string_view event,
                  rm::String* key);

  // Appends the present state of `key` in the rule's database: its whole
  // value, or a delete where it holds no hash. Appends nothing for a key that
  // is missing. To be called inside a command or a timer.
  KeyKind Recapture(rm::Ctx* ctx, const std::shared_ptr<CaptureRule>& rule,
                    rm::String* key, std::string_view event);

  // Around FLUSHALL (db -1) and FLUSHDB: notes the keys of rules that delete
  // on a flush, and captures them once they are gone.
  void OnFlushStart(rm::Ctx* ctx, int db);
  void OnFlushEnd(rm::Ctx* ctx);
  // Two databases have just been exchanged. Rules that delete on a flush take
  // it for a flush, and for the arrival of whole values.
  void OnSwapDb(rm::Ctx* ctx, int first, int second);

  // `run` deletes `keys` in the selected database. Those that were gone before
  // are captured as deletes, for the rules that want it.
  void AroundDelete(rm::Ctx* ctx, rm::String** keys, size_t count,
                    const std::function<bool()>& run);
  // Whether some rule wants to know of a DEL of `key` though it is gone.
  // `missing` tells whether it is, in the database it is called with.
  bool WantsMissing(std::string_view key,
                    const std::function<bool(int db)>& missing) const;

  // The unit that is running has left something to do at its end. Where the
  // server does not say when that is (7.0) the next command that is filtered
  // comes first, or a timer.
  void FinishUnitLater(rm::Ctx* ctx);
  bool unit_is_unfinished() const { return unfinished_; }
  void FinishUnit(rm::Ctx* ctx);
  // To be called before the entries of a unit are appended.
  void BeforeAppend(std::function<void(rm::Ctx*)> prepare) {
    prepare_ = std::move(prepare);
  }

  uint64_t captured() const { return captured_; }
  uint64_t failed() const { return failed_; }

 private:
  struct Pending {
    std::shared_ptr<CaptureRule> rule;
    ChangeEntry entry;
  };

  void CaptureFor(rm::Ctx* ctx, const std::shared_ptr<CaptureRule>& rule,
                  EventKind kind, std::string_view event, rm::String* key);
  ChangeEntry WholeState(rm::Ctx* ctx, CaptureRule* rule, rm::String* key,
                         std::string_view event, KeyKind* kind);
  void EmitSwept(rm::Ctx* ctx);
  void Act(rm::Ctx* ctx, const Operation& operation);
  // Fills in what `state` says; false if the event tells this rule nothing.
  bool Describe(const CaptureRule& rule, EventKind kind, bool in_exec,
                std::string_view key, const KeyState& state, ChangeOp* op,
                std::vector<StringPtr>* cleared) const;
  void Emit(rm::Ctx* ctx, const std::shared_ptr<CaptureRule>& rule,
            ChangeEntry entry);
  void Append(rm::Ctx* ctx, CaptureRule* rule, ChangeEntry* entry);
  void Prepare(rm::Ctx* ctx);

  const ServerState& server_;
  RemovedFields& removed_;
  MigratedKeys& migrated_;
  UnitTracker& units_;
  Backlog& backlog_;
  std::vector<std::shared_ptr<CaptureRule>> rules_;
  std::vector<Pending> unit_;  // entries of the unit that is running
  Operations operations_;      // and what '#' asked for in it
  bool unfinished_ = false;
  bool acting_ = false;  // events are of our own making
  uint64_t events_ = 0;
  std::function<void(rm::Ctx*)> prepare_;

  using RuleAndKey = std::pair<std::shared_ptr<CaptureRule>, StringPtr>;
  std::vector<RuleAndKey> sweep_;  // of the flush that is running
  std::vector<RuleAndKey> swept_;  // keys that changed without an event
  // What AroundDelete has seen deleted; null while none is running.
  std::set<std::pair<const CaptureRule*, std::string>>* deleted_ = nullptr;
  uint64_t captured_ = 0;
  uint64_t failed_ = 0;
};

}  // namespace regear

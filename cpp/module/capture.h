// Capture: appends what happened to matching keys to their change streams,
// inside the command, transaction or script that did it.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "module/backlog.h"
#include "module/capture_rule.h"
#include "module/change_entry.h"
#include "module/event_kind.h"
#include "module/key_state.h"
#include "module/module_api.h"
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
  Capture(const ServerState& server, RemovedFields& removed, UnitTracker& units,
          Backlog& backlog)
      : server_(server), removed_(removed), units_(units), backlog_(backlog) {}

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

  uint64_t captured() const { return captured_; }
  uint64_t failed() const { return failed_; }

 private:
  struct Pending {
    std::shared_ptr<CaptureRule> rule;
    ChangeEntry entry;
  };

  void CaptureFor(rm::Ctx* ctx, const std::shared_ptr<CaptureRule>& rule,
                  EventKind kind, std::string_view event, rm::String* key);
  // Fills in what `state` says; false if the event tells this rule nothing.
  bool Describe(const CaptureRule& rule, EventKind kind, bool in_exec,
                std::string_view key, const KeyState& state, ChangeOp* op,
                std::vector<StringPtr>* cleared) const;
  void Emit(rm::Ctx* ctx, const std::shared_ptr<CaptureRule>& rule,
            ChangeEntry entry);
  void Append(rm::Ctx* ctx, CaptureRule* rule, ChangeEntry* entry);
  void AppendUnit(rm::Ctx* ctx);

  const ServerState& server_;
  RemovedFields& removed_;
  UnitTracker& units_;
  Backlog& backlog_;
  std::vector<std::shared_ptr<CaptureRule>> rules_;
  std::vector<Pending> unit_;  // entries of the unit that is running
  uint64_t captured_ = 0;
  uint64_t failed_ = 0;
};

}  // namespace regear

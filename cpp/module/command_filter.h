// Sees every command before it is looked up. Nothing that it learns counts
// until an event confirms it: here a command is neither authenticated nor
// allowed, and may be queued or discarded.
#pragma once

#include "module/capture.h"
#include "module/delete_missing.h"
#include "module/function_events.h"
#include "module/migrated_keys.h"
#include "module/module_api.h"
#include "module/removed_fields.h"
#include "module/server_state.h"
#include "module/through_filter.h"
#include "module/unit_tracker.h"

namespace regear {

class CommandFilter {
 public:
  // The commands that it looks at, some under one name.
  enum class Watched : uint8_t {
    kNone,
    kAcl,
    kConfig,
    kDelete,
    kDiscard,
    kExec,
    kHdel,
    kHgetdel,
    kMigrate,
    kMulti,
    kScript,
    kSync,
  };

  CommandFilter(ServerState& server, RemovedFields& removed,
                MigratedKeys& migrated, UnitTracker& units, Capture& capture,
                DeleteMissing& deletes, const WriteThrough& through,
                const FunctionEvents& functions, ThroughFilter& through_filter,
                DefaultUser& default_user, const DetachedContext& context)
      : server_(server),
        removed_(removed),
        migrated_(migrated),
        units_(units),
        capture_(capture),
        deletes_(deletes),
        through_(through),
        functions_(functions),
        through_filter_(through_filter),
        default_user_(default_user),
        context_(context) {}

  // Called for every command of every client: short where nothing matches.
  void OnCommand(rm::FilterCtx* command);

 private:
  void Note(Watched watched, rm::FilterCtx* command, uint64_t client);
  void OnPlainCommand() {
    units_.OnCommand();
    removed_.OnOtherCommand();
    migrated_.OnOtherCommand();
  }
  void OnRemoval(rm::FilterCtx* command, uint64_t client, int first_field);
  void OnMigrate(rm::FilterCtx* command, uint64_t client);
  void OnMultiChange(Watched watched, uint64_t client);
  void FinishLastUnit();

  ServerState& server_;
  RemovedFields& removed_;
  MigratedKeys& migrated_;
  UnitTracker& units_;
  Capture& capture_;
  DeleteMissing& deletes_;
  const WriteThrough& through_;
  const FunctionEvents& functions_;
  ThroughFilter& through_filter_;
  DefaultUser& default_user_;
  const DetachedContext& context_;
};

}  // namespace regear

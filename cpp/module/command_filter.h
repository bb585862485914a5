// Sees every command before it is looked up. Nothing that it learns counts
// until an event confirms it: here a command is neither authenticated nor
// allowed, and may be queued or discarded.
#pragma once

#include "module/capture.h"
#include "module/module_api.h"
#include "module/removed_fields.h"
#include "module/server_state.h"
#include "module/unit_tracker.h"

namespace regear {

class CommandFilter {
 public:
  CommandFilter(ServerState& server, RemovedFields& removed, UnitTracker& units,
                const Capture& capture)
      : server_(server), removed_(removed), units_(units), capture_(capture) {}

  // Called for every command of every client: short where nothing matches.
  void OnCommand(rm::FilterCtx* command);

 private:
  void OnRemoval(rm::FilterCtx* command, uint64_t client, int first_field);

  ServerState& server_;
  RemovedFields& removed_;
  UnitTracker& units_;
  const Capture& capture_;
};

}  // namespace regear

// Units: the changes of one command, transaction or script belong together.
#pragma once

#include <cstdint>
#include <string_view>

#include "module/module_api.h"

namespace regear {

// Numbers units. Main thread only. Where the server runs a job after each
// unit (7.2) the job ends the unit; on 7.0 a unit begins with each command
// that the filter sees outside MULTI and scripts.
class UnitTracker {
 public:
  // 7.0 only: a command was filtered. Commands of a script are filtered too
  // when they run; those of a transaction when they are queued.
  void OnCommand() { ++commands_; }
  void OnExec() { exec_ = ++commands_; }
  void OnScript() { script_ = ++commands_; }

  // 7.2: the unit is complete.
  void EndUnit() { ++ended_; }

  // The unit of the change being captured; never 0.
  uint64_t Current(int context_flags) const;

 private:
  uint64_t ended_ = 1;  // units that the server said were complete
  uint64_t commands_ = 1;
  uint64_t exec_ = 0;    // commands_ at the last EXEC
  uint64_t script_ = 0;  // commands_ at the last EVAL, FCALL …
};

}  // namespace regear

#include "module/unit_tracker.h"

namespace regear {

uint64_t UnitTracker::Current(int context_flags) const {
  const bool server_ends_units = rm::AddPostNotificationJob != nullptr;
  if (server_ends_units) return ended_;
  if (context_flags & rm::kContextMulti) return exec_;
  if (context_flags & rm::kContextLua) return script_;
  return commands_;
}

}  // namespace regear

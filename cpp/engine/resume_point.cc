#include "engine/resume_point.h"

#include <algorithm>

namespace regear {

ResumePoint FindResumePoint(const std::optional<Checkpoint>& stored,
                            const std::vector<Epoch>& epochs) {
  if (!stored) return {};
  const auto own = std::find_if(
      epochs.begin(), epochs.end(),
      [&](const Epoch& epoch) { return epoch.id == stored->epoch_id; });
  if (own == epochs.end()) {
    return {{},
            "the target was last written in epoch " +
                std::to_string(stored->epoch) +
                " of a data set that this Redis does not know: it came back "
                "older, or empty"};
  }
  if (std::next(own) == epochs.end()) return {stored->position, ""};
  const Position end = std::next(own)->start;
  if (stored->position <= end) return {stored->position, ""};
  return {end, "the target has change " + stored->position.ToString() +
                   ", but Redis came back with nothing after " +
                   end.ToString()};
}

Status FencedBy(uint64_t fence) {
  return Status(StatusCode::kFenced,
                "another host has written to the target with fence " +
                    std::to_string(fence) + ", this one stops");
}

}  // namespace regear

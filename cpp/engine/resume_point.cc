#include "engine/resume_point.h"

#include <algorithm>

namespace regear {

namespace {

ResumePoint OfRedis(const std::optional<Checkpoint>& stored,
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

bool WentBack(const std::optional<Checkpoint>& stored,
              const std::vector<Epoch>& epochs, Position acknowledged) {
  if (acknowledged == Position()) return false;
  return !stored || stored->epoch_id != epochs.back().id ||
         stored->position < acknowledged;
}

}  // namespace

ResumePoint FindResumePoint(const std::optional<Checkpoint>& stored,
                            const std::vector<Epoch>& epochs,
                            Position acknowledged) {
  ResumePoint resume = OfRedis(stored, epochs);
  if (resume.lost_tail.empty() && WentBack(stored, epochs, acknowledged)) {
    resume.lost_tail =
        "the target had confirmed all changes up to " +
        acknowledged.ToString() + ", and has now " +
        (stored ? "change " + stored->position.ToString() : "no checkpoint") +
        ": it was restored from a backup, or came back older";
  }
  return resume;
}

Status FencedBy(uint64_t fence) {
  return Status(StatusCode::kFenced,
                "another host has written to the target with fence " +
                    std::to_string(fence) + ", this one stops");
}

}  // namespace regear

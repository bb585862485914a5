#include "engine/transformer.h"

#include "engine/batch_writer.h"

namespace regear {

namespace {

constexpr int kAlikeFailures = 3;

}  // namespace

Transformer::Transformer(const Transform* transform, DeadLetters* dead,
                         WorkerStats* stats)
    : transform_(*transform), dead_(dead), stats_(stats) {}

Status Transformer::Apply(ChangeBatch* batch, std::vector<AckMessage>* failed) {
  if (!transform_) return Status::Ok();
  while (true) {
    size_t culprit = batch->size();
    Status status = transform_(batch, &culprit);
    if (status.ok() || culprit >= batch->size()) return status;
    const Change change = (*batch)[culprit];
    if (!GivesUp(status, change.position)) return status;
    SetAside letter = CopyOf(*batch, change);
    letter.error = "transform: " + status.message();
    REGEAR_RETURN_IF_ERROR(dead_->Add(letter));
    stats_->OnDeadLetter(letter.key + ": " + letter.error);
    if (!change.ack.empty()) {
      failed->push_back({AckStream(change), letter.error});
    }
    batch->RemoveIf(
        [&](const Change& other) { return other.position == change.position; });
  }
}

bool Transformer::GivesUp(const Status& status, Position change) {
  if (status.refused()) return true;
  if (status.code() != StatusCode::kRetry)
    return false;  // asks for another try
  if (change != failing_ || status.message() != message_) failures_ = 0;
  failing_ = change;
  message_ = status.message();
  return ++failures_ >= kAlikeFailures;
}

}  // namespace regear

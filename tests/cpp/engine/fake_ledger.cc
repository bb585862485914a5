#include "engine/fake_ledger.h"

namespace regear {

void FakeLedger::FailNext(int times) {
  MutexLock lock(&mutex_);
  failures_ = times;
}

void FakeLedger::SetEpochs(std::vector<Epoch> epochs) {
  MutexLock lock(&mutex_);
  epochs_ = std::move(epochs);
}

std::vector<std::string> FakeLedger::On(Shelf shelf) {
  MutexLock lock(&mutex_);
  std::vector<std::string> lines;
  for (const auto& [id, change] : shelves_[shelf]) {
    lines.push_back(change.key + ": " + change.error);
  }
  return lines;
}

std::vector<std::string> FakeLedger::acks() {
  MutexLock lock(&mutex_);
  return acks_;
}

std::string FakeLedger::reconciling() {
  MutexLock lock(&mutex_);
  return reconciling_;
}

Status FakeLedger::Mishap() {
  if (failures_ == 0) return Status::Ok();
  --failures_;
  return Status(StatusCode::kReconnect, "Redis is away");
}

Result<std::string> FakeLedger::Put(Shelf shelf, const SetAside& change) {
  MutexLock lock(&mutex_);
  REGEAR_RETURN_IF_ERROR(Mishap());
  const bool added = shelves_[shelf].emplace(change.change, change).second;
  return added ? change.change.ToString() : std::string();
}

Status FakeLedger::Remove(Shelf shelf, const std::vector<std::string>& ids) {
  MutexLock lock(&mutex_);
  REGEAR_RETURN_IF_ERROR(Mishap());
  for (const std::string& id : ids) {
    shelves_[shelf].erase(*Position::Parse(id));
  }
  return Status::Ok();
}

Result<ChangeBatch> FakeLedger::Read(Shelf shelf, Position after) {
  MutexLock lock(&mutex_);
  REGEAR_RETURN_IF_ERROR(Mishap());
  ChangeBatch batch;
  for (const auto& [id, from] : shelves_[shelf]) {
    if (id > after) AppendTo(&batch, from, id);
  }
  return batch;
}

Status FakeLedger::Acknowledge(const std::vector<AckMessage>& messages) {
  MutexLock lock(&mutex_);
  REGEAR_RETURN_IF_ERROR(Mishap());
  for (const AckMessage& message : messages) {
    acks_.push_back(message.stream + " " +
                    (message.error.empty() ? "done" : message.error));
  }
  return Status::Ok();
}

Result<std::vector<Epoch>> FakeLedger::Epochs() {
  MutexLock lock(&mutex_);
  REGEAR_RETURN_IF_ERROR(Mishap());
  return epochs_;
}

Status FakeLedger::MarkReconciling(const std::string& reason) {
  MutexLock lock(&mutex_);
  REGEAR_RETURN_IF_ERROR(Mishap());
  reconciling_ = reason;
  return Status::Ok();
}

}  // namespace regear

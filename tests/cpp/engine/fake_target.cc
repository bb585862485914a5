#include "engine/fake_target.h"

#include <stdexcept>
#include <utility>

namespace regear {

class FakeTarget::FakeConnector : public Connector {
 public:
  explicit FakeConnector(FakeTarget* target) : target_(target) {}

  Status Open() override {
    MutexLock lock(&target_->mutex_);
    return target_->open_status_;
  }
  WriteReport Write(const FoldedBatch& batch,
                    const Checkpoint& checkpoint) override {
    WriteReport report = target_->Write(batch, checkpoint, base_);
    if (report.status.ok()) base_ = checkpoint;
    return report;
  }
  Result<std::optional<Checkpoint>> LoadCheckpoint() override {
    base_ = target_->checkpoint();
    return base_;
  }
  bool keeps_checkpoint() const override { return true; }

 private:
  FakeTarget* const target_;
  std::optional<Checkpoint> base_;
};

std::unique_ptr<Connector> FakeTarget::MakeConnector() {
  return std::make_unique<FakeConnector>(this);
}

WriteReport FakeTarget::Write(const FoldedBatch& batch, const Checkpoint& next,
                              const std::optional<Checkpoint>& base) {
  MutexLock lock(&mutex_);
  ++attempts_;
  if (checkpoint_ != base) {
    return {Status(StatusCode::kFenced, "somebody moved it"), {}};
  }
  if (!mishaps_.empty()) {
    const Mishap mishap = mishaps_.front();
    mishaps_.pop_front();
    switch (mishap) {
      case Mishap::kRetry:
        return {Status(StatusCode::kRetry, "deadlock"), {}};
      case Mishap::kReconnect:
        return {Status(StatusCode::kReconnect, "connection lost"), {}};
      case Mishap::kInDoubtCommitted:
        Commit(batch, next);
        return {Status(StatusCode::kInDoubt, "lost at commit"), {}};
      case Mishap::kInDoubtLost:
        return {Status(StatusCode::kInDoubt, "lost at commit"), {}};
      case Mishap::kThrow:
        throw std::runtime_error("driver threw");
    }
  }
  std::vector<RefusedRow> refused = FindRefused(batch);
  if (!refused.empty()) {
    return {Status(StatusCode::kReject, "rows were refused"),
            std::move(refused)};
  }
  Commit(batch, next);
  return {};
}

void FakeTarget::Commit(const FoldedBatch& batch, const Checkpoint& next) {
  for (size_t i = 0; i < batch.size(); ++i) {
    const std::string id(batch.row(i).id);
    if (batch.row(i).operation == Operation::kDelete) {
      rows_.erase(id);
      continue;
    }
    Row& row = rows_[id];
    for (size_t column = 0; column < columns_.size(); ++column) {
      const Cell& cell = batch.cells(i)[column];
      if (cell.state == CellState::kValue) row[columns_[column]] = cell.value;
      if (cell.state == CellState::kDefault) row.erase(columns_[column]);
    }
  }
  batches_.push_back(batch.changes());
  checkpoint_ = next;
}

std::vector<RefusedRow> FakeTarget::FindRefused(const FoldedBatch& batch) {
  std::vector<RefusedRow> refused;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (batch.row(i).operation == Operation::kDelete) continue;
    const auto bad = refused_values_.find(std::string(batch.cells(i)[0].value));
    if (bad != refused_values_.end()) {
      refused.push_back({i, bad->first + " is refused", bad->second});
      continue;
    }
    for (size_t column = 0; column < columns_.size(); ++column) {
      if (required_.contains(columns_[column]) &&
          batch.cells(i)[column].state != CellState::kValue) {
        refused.push_back({i, columns_[column] + " must not be empty"});
      }
    }
  }
  return refused;
}

void FakeTarget::FailNext(Mishap mishap, int times) {
  MutexLock lock(&mutex_);
  mishaps_.insert(mishaps_.end(), static_cast<size_t>(times), mishap);
}

void FakeTarget::FailOpen(Status status) {
  MutexLock lock(&mutex_);
  open_status_ = std::move(status);
}

void FakeTarget::RequireColumn(const std::string& column) {
  MutexLock lock(&mutex_);
  required_.insert(column);
}

void FakeTarget::RequireNothing() {
  MutexLock lock(&mutex_);
  required_.clear();
  refused_values_.clear();
}

void FakeTarget::Refuse(const std::string& value, StatusCode kind) {
  MutexLock lock(&mutex_);
  refused_values_[value] = kind;
}

void FakeTarget::StoreCheckpoint(std::optional<Checkpoint> checkpoint) {
  MutexLock lock(&mutex_);
  checkpoint_ = std::move(checkpoint);
}

std::map<std::string, FakeTarget::Row> FakeTarget::rows() {
  MutexLock lock(&mutex_);
  return rows_;
}

std::optional<Checkpoint> FakeTarget::checkpoint() {
  MutexLock lock(&mutex_);
  return checkpoint_;
}

std::vector<size_t> FakeTarget::batches() {
  MutexLock lock(&mutex_);
  return batches_;
}

int FakeTarget::attempts() {
  MutexLock lock(&mutex_);
  return attempts_;
}

}  // namespace regear

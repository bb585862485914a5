// The writing half of sql_connector.h.
#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "connectors/sql/isolate_refused.h"
#include "connectors/sql/preflight.h"
#include "connectors/sql/sql_connector.h"
#include "connectors/sql/write_plan.h"

namespace regear::sql {

namespace {

std::vector<size_t> AllRows(const FoldedBatch& batch) {
  std::vector<size_t> rows(batch.size());
  std::iota(rows.begin(), rows.end(), size_t{0});
  return rows;
}

// Those of `rows` whose key fits the template; the others are refused.
std::vector<size_t> TakeFitting(const FoldedBatch& batch,
                                std::span<const size_t> rows,
                                std::vector<RefusedRow>* refused) {
  std::vector<size_t> fitting;
  for (size_t row : rows) {
    if (batch.row(row).fits_template) {
      fitting.push_back(row);
    } else {
      refused->push_back({row, batch.MismatchReason(row)});
    }
  }
  return fitting;
}

WriteReport RefusedReport(std::vector<RefusedRow> refused, size_t of) {
  std::sort(
      refused.begin(), refused.end(),
      [](const RefusedRow& a, const RefusedRow& b) { return a.row < b.row; });
  std::string message = std::to_string(refused.size()) + " of " +
                        std::to_string(of) +
                        " rows refused, the first: " + refused.front().reason;
  return {Status(StatusCode::kReject, std::move(message)), std::move(refused)};
}

}  // namespace

WriteReport SqlConnector::Write(const FoldedBatch& batch,
                                const Checkpoint& checkpoint) {
  WriteReport report = WriteUnredacted(batch, checkpoint);
  report.status = secrets_.Redact(report.status);
  for (RefusedRow& row : report.refused) {
    row.reason = secrets_.Redact(std::move(row.reason));
  }
  return report;
}

WriteReport SqlConnector::WriteUnredacted(const FoldedBatch& batch,
                                          const Checkpoint& checkpoint) {
  if (!open_) return {Status(StatusCode::kReconnect, "not connected"), {}};
  const size_t cells = columns_.size() + children_.size();
  if (batch.columns() != cells) {
    return {Status(StatusCode::kInvalid,
                   "a batch of " + std::to_string(batch.columns()) +
                       " columns for a mapping of " + std::to_string(cells)),
            {}};
  }
  if (children_.empty()) return WriteColumns(batch, checkpoint);
  children_.Load(batch);
  return WriteColumns(batch.Narrow(columns_.size()), checkpoint);
}

WriteReport SqlConnector::WriteColumns(const FoldedBatch& batch,
                                       const Checkpoint& checkpoint) {
  std::vector<RefusedRow> refused;
  Status status = batch.in_order() ? WriteRowByRow(batch, checkpoint, &refused)
                                   : WriteTogether(batch, checkpoint, &refused);
  if (!refused.empty()) {
    if (WasAltered(refused)) {
      return {Status(StatusCode::kReconnect,
                     table_.name + " was altered: it is looked at anew"),
              {}};
    }
    return RefusedReport(std::move(refused), batch.size());
  }
  if (status.ok()) stored_ = checkpoint.Encode();
  return {Explain(std::move(status)), {}};
}

bool SqlConnector::WasAltered(std::span<const RefusedRow> refused) {
  // The other kinds are about other rows, not about columns.
  const bool any = std::any_of(
      refused.begin(), refused.end(),
      [](const RefusedRow& row) { return row.kind == StatusCode::kReject; });
  if (!any) return false;
  // In this order: see ChildTables::Inspect.
  const bool altered = children_.WasAltered(driver_.get());
  TargetTable now;
  return altered ||
         (InspectTarget(driver_.get(), target_, columns_, &now).ok() &&
          now != table_);
}

Status SqlConnector::WriteTogether(const FoldedBatch& batch,
                                   const Checkpoint& checkpoint,
                                   std::vector<RefusedRow>* refused) {
  bool at_commit = false;
  Status status = WriteWhole(batch, checkpoint, refused, &at_commit);
  if (!status.refused()) return status;
  refused->clear();
  return WriteInParts(batch, checkpoint, at_commit, refused);
}

Status SqlConnector::WriteRowByRow(const FoldedBatch& batch,
                                   const Checkpoint& checkpoint,
                                   std::vector<RefusedRow>* refused) {
  Status status = WriteInOrder(batch, checkpoint, false, refused);
  if (!status.refused()) return status;
  // Refused at commit: once more, with each row checked at once.
  refused->clear();
  return WriteInOrder(batch, checkpoint, true, refused);
}

Status SqlConnector::WriteWhole(const FoldedBatch& batch,
                                const Checkpoint& checkpoint,
                                std::vector<RefusedRow>* refused,
                                bool* at_commit) {
  if (const auto written = WriteAtOnce(batch, checkpoint)) {
    *at_commit = true;  // for all that we know
    return *written;
  }
  Status status = BeginWithCheckpoint(checkpoint);
  if (status.ok()) status = WriteRows(batch, AllRows(batch), refused);
  if (status.ok() && refused->empty()) {
    status = driver_->Commit();
    *at_commit = !status.ok();
  }
  if (!status.ok() || !refused->empty()) driver_->Rollback();
  return status;
}

Status SqlConnector::WriteInParts(const FoldedBatch& batch,
                                  const Checkpoint& checkpoint,
                                  bool check_deferred,
                                  std::vector<RefusedRow>* refused) {
  Status status = BeginWithCheckpoint(checkpoint);
  if (status.ok()) {
    status = IsolateRefused(
        OrderOfParts(batch),
        [&](std::span<const size_t> rows) {
          return TryPart(batch, rows, check_deferred, refused);
        },
        refused);
  }
  if (status.ok() && refused->empty()) status = driver_->Commit();
  if (!status.ok() || !refused->empty()) driver_->Rollback();
  if (!status.ok()) refused->clear();
  if (!status.refused()) return status;
  return Status(
      StatusCode::kRetry,
      "refused at commit, though no row alone is: " + status.message());
}

Status SqlConnector::WriteInOrder(const FoldedBatch& batch,
                                  const Checkpoint& checkpoint,
                                  bool check_deferred,
                                  std::vector<RefusedRow>* refused) {
  Status status = BeginWithCheckpoint(checkpoint);
  std::unordered_map<std::string_view, size_t> last_accepted;
  for (size_t row = 0; status.ok() && row < batch.size(); ++row) {
    const size_t before = refused->size();
    status = TryPart(batch, {&row, 1}, check_deferred, refused);
    if (status.refused()) {
      refused->push_back({row, status.message(), status.code()});
      status = Status::Ok();
    }
    if (refused->size() == before) last_accepted[batch.row(row).id] = row;
  }
  std::erase_if(*refused, [&](const RefusedRow& row) {
    const auto later = last_accepted.find(batch.row(row.row).id);
    return later != last_accepted.end() && later->second > row.row;
  });
  if (status.ok() && refused->empty()) status = driver_->Commit();
  if (!status.ok() || !refused->empty()) driver_->Rollback();
  return status;
}

Status SqlConnector::TryPart(const FoldedBatch& batch,
                             std::span<const size_t> rows, bool check_deferred,
                             std::vector<RefusedRow>* refused) {
  REGEAR_RETURN_IF_ERROR(driver_->SetSavepoint());
  std::vector<RefusedRow> unmatched;
  children_.ClearBlame();
  Status status = WriteRows(batch, rows, &unmatched);
  if (status.ok() && check_deferred) status = driver_->CheckDeferred();
  if (status.ok()) {
    refused->insert(refused->end(), unmatched.begin(), unmatched.end());
    return driver_->ReleaseSavepoint();
  }
  if (!status.refused()) return status;
  REGEAR_RETURN_IF_ERROR(driver_->RollbackToSavepoint());
  if (rows.size() > 1) return status;
  const std::string column =
      children_.blamed()
          ? children_.RefusedColumn(driver_.get(), table_, rows.front(),
                                    status.message())
          : driver_->RefusedColumn(batch, rows.front(), status.message());
  return column.empty() ? status : status.Annotate("column " + column);
}

std::vector<std::string> SqlConnector::MoveParameters(
    const Checkpoint& checkpoint) const {
  std::vector<std::string> parameters;
  if (!stored_) parameters.push_back(target_.checkpoint_id);
  parameters.push_back(checkpoint.Encode());
  if (checkpoint_table_.has_journal()) parameters.push_back(checkpoint.journal);
  if (stored_) {
    parameters.push_back(target_.checkpoint_id);
    parameters.push_back(*stored_);
  }
  return parameters;
}

Status SqlConnector::Fenced() const {
  return Status(StatusCode::kFenced,
                "the checkpoint \"" + target_.checkpoint_id + "\" in " +
                    checkpoint_table_.name() + " is no longer " +
                    (stored_ ? "\"" + *stored_ + "\"" : "missing") +
                    ": another host has moved it");
}

// For clients who wait: each round trip that is saved is theirs.
std::optional<Status> SqlConnector::WriteAtOnce(const FoldedBatch& batch,
                                                const Checkpoint& checkpoint) {
  if (!target_.journal || !stored_ || batch.empty() || !batch.all_fit() ||
      !children_.empty()) {
    return std::nullopt;
  }
  const auto waves = Plan(batch, AllRows(batch));
  if (!waves.ok() || waves->size() != 1) return std::nullopt;
  const WriteWave& wave = waves->front();
  if (wave.upserts.size() != 1 || !wave.deletes.empty() ||
      RuleFor(wave.upserts.front().shape, table_) != WriteRule::kUpsert) {
    return std::nullopt;
  }
  const auto moved =
      driver_->UpsertAndMove(batch, wave.upserts.front(), checkpoint_table_,
                             MoveParameters(checkpoint));
  if (!moved) return std::nullopt;
  if (!moved->ok()) return moved->status();
  if (**moved) return Status::Ok();
  const std::string id[] = {target_.checkpoint_id};
  const auto stored = driver_->QueryText(checkpoint_table_.select(), id);
  if (!stored.ok()) {
    return Status(StatusCode::kInDoubt, stored.status().message());
  }
  return *stored == checkpoint.Encode() ? Status::Ok() : Fenced();
}

Status SqlConnector::BeginWithCheckpoint(const Checkpoint& checkpoint) {
  REGEAR_RETURN_IF_ERROR(driver_->Begin());
  if (!keeps_checkpoint()) return Status::Ok();
  const auto moved =
      driver_->Execute(stored_ ? checkpoint_table_.compare_and_swap()
                               : checkpoint_table_.insert(),
                       MoveParameters(checkpoint));
  if (!moved.ok()) {
    const Status status = moved.status();
    // No row of the batch is to blame for what the checkpoint's table refuses.
    return Status(status.refused() ? StatusCode::kStop : status.code(),
                  "checkpoint table " + checkpoint_table_.name() + ": " +
                      status.message(),
                  status.hint());
  }
  return *moved == 1 ? Status::Ok() : Fenced();
}

Status SqlConnector::WriteRows(const FoldedBatch& batch,
                               std::span<const size_t> rows,
                               std::vector<RefusedRow>* refused) {
  std::vector<size_t> fitting;
  if (!batch.all_fit()) {
    fitting = TakeFitting(batch, rows, refused);
    rows = fitting;
  }
  const auto waves = Plan(batch, rows);
  if (!waves.ok()) return waves.status();
  for (const WriteWave& wave : *waves) {
    std::vector<size_t> unmatched;
    REGEAR_RETURN_IF_ERROR(
        driver_->WriteGroups(batch, wave.upserts, &unmatched));
    for (size_t row : unmatched) {
      refused->push_back(
          {row, MissingRequiredReason(RowShape(batch.cells(row)), table_)});
    }
    if (!children_.empty()) {
      REGEAR_RETURN_IF_ERROR(WriteChildren(batch, wave, unmatched));
    }
    if (wave.deletes.empty()) continue;
    REGEAR_RETURN_IF_ERROR(driver_->DeleteRows(batch, wave.deletes));
  }
  return Status::Ok();
}

// Behind the documents' own rows and in front of their deletes, as foreign keys
// want it.
Status SqlConnector::WriteChildren(const FoldedBatch& batch,
                                   const WriteWave& wave,
                                   std::span<const size_t> unmatched) {
  std::vector<size_t> written;
  for (const RowGroup& group : wave.upserts) {
    for (const size_t row : group.rows) {
      if (std::find(unmatched.begin(), unmatched.end(), row) ==
          unmatched.end()) {
        written.push_back(row);
      }
    }
  }
  return children_.Replace(driver_.get(), table_, batch, written, wave.deletes);
}

std::vector<size_t> SqlConnector::OrderOfParts(const FoldedBatch& batch) {
  std::vector<size_t> rows = AllRows(batch);
  // Asking would fail if one of the ids is what the database refuses. The
  // order of the batch is right for the rows of each key, whatever it is.
  if (table_.has_key(KeyIdentity::kAskDatabase)) return rows;
  const auto waves = Plan(batch, rows);
  return waves.ok() ? WriteOrder(*waves) : rows;
}

Result<std::vector<WriteWave>> SqlConnector::Plan(
    const FoldedBatch& batch, std::span<const size_t> rows) {
  std::vector<std::string_view> keys;
  keys.reserve(rows.size());
  for (size_t row : rows) keys.push_back(batch.row(row).id);
  if (rows.size() <= 1 || table_.keys_are(KeyIdentity::kBytes)) {
    return PlanWrites(batch, rows, keys);
  }
  std::vector<std::string> canonical(rows.size());
  for (size_t key = 0; key < table_.keys.size(); ++key) {
    for (size_t i = 0; i < rows.size(); ++i) {
      keys[i] = batch.key_parts(rows[i])[key];
    }
    REGEAR_RETURN_IF_ERROR(AddCanonical(key, keys, &canonical));
  }
  keys.assign(canonical.begin(), canonical.end());
  return PlanWrites(batch, rows, keys);
}

Status SqlConnector::AddCanonical(size_t key,
                                  std::span<const std::string_view> values,
                                  std::vector<std::string>* canonical) {
  const KeyIdentity identity = table_.keys[key].key_identity;
  std::vector<size_t> first;
  if (identity == KeyIdentity::kAskDatabase) {
    auto asked = driver_->FirstEqualKeys(key, values);
    if (!asked.ok()) return asked.status();
    first = *std::move(asked);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    std::string part =
        CanonicalKey(first.empty() ? values[i] : values[first[i]], identity);
    if (table_.keys.size() == 1) {
      (*canonical)[i] = std::move(part);
    } else {  // lengths keep "a","bc" and "ab","c" apart
      (*canonical)[i] += std::to_string(part.size()) + ":" + part;
    }
  }
  return Status::Ok();
}

}  // namespace regear::sql

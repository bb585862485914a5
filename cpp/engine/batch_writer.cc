#include "engine/batch_writer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/fail_point.h"

namespace regear {

namespace {

// The target's code stands in parentheses at the end of its message:
// "… (SQLSTATE 23502)".
std::string CodeIn(const std::string& message) {
  const size_t open = message.rfind('(');
  const size_t close = message.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) {
    return {};
  }
  const std::string inside = message.substr(open + 1, close - open - 1);
  const size_t blank = inside.find(' ');
  if (blank == std::string::npos) {
    return inside.starts_with("SQLITE_") ? inside : std::string();
  }
  const std::string kind = inside.substr(0, blank);
  const bool known = kind == "SQLSTATE" || kind == "errno" || kind == "code";
  return known ? inside.substr(blank + 1) : std::string();
}

bool AnyConflict(const std::vector<RefusedRow>& refused) {
  return std::any_of(refused.begin(), refused.end(), [](const RefusedRow& row) {
    return row.kind == StatusCode::kConflict;
  });
}

}  // namespace

std::string AckStream(const Change& change) {
  return "{" + std::string(change.key) + "}" + std::string(change.ack);
}

BatchWriter::BatchWriter(const WorkerSpec* spec, Connector* connector,
                         DeadLetters* dead, ParkingLot* lot, WorkerStats* stats)
    : spec_(*spec),
      connector_(connector),
      dead_(dead),
      lot_(lot),
      stats_(stats) {}

Status BatchWriter::Write(PendingBatch* batch, const Checkpoint& next,
                          bool* moved) {
  Keys released;
  return WriteRest(batch, next, nullptr, &released, moved);
}

Status BatchWriter::WriteParked(const Checkpoint& next, const GivesUp& gives_up,
                                PendingBatch* batch, bool* moved) {
  batch->changes = lot_->Changes();
  Keys expired, released;
  for (const Change& change : batch->changes.changes()) {
    const std::string key(change.key);
    if (!expired.contains(key) && gives_up(lot_->WaitsSince(key))) {
      expired.insert(key);
    }
  }
  Status status = WriteRest(batch, next, &expired, &released, moved);
  if (!released.empty()) {
    const Status removed = lot_->Release(released);
    if (status.ok()) status = removed;
  }
  return status;
}

void BatchWriter::NoteWritten(const PendingBatch& batch) {
  const FoldedBatch folded = FoldAll(batch);
  dead_->OnCommitted(folded);
  stats_->OnWrite(folded.changes(), folded.size(), {});
}

Status BatchWriter::HoldParked(PendingBatch* batch) {
  if (lot_->empty()) return Status::Ok();
  for (const Change& change : batch->changes.changes()) {
    if (change.position <= batch->skip || !lot_->Holds(change.key)) continue;
    if (lot_->full()) {
      return Status(StatusCode::kRetry,
                    "too many changes wait for rows that they refer to",
                    "regear status says which table is behind");
    }
    REGEAR_RETURN_IF_ERROR(lot_->Park(CopyOf(batch->changes, change)));
  }
  batch->changes.RemoveIf([&](const Change& change) {
    return change.position > batch->skip && lot_->Holds(change.key);
  });
  return Status::Ok();
}

// Every round but the last takes a row out or turns to writing in order.
Status BatchWriter::WriteRest(PendingBatch* batch, const Checkpoint& next,
                              const Keys* expired, Keys* released,
                              bool* moved) {
  *moved = false;
  while (true) {
    const FoldedBatch folded = FoldAll(*batch);
    if (folded.empty()) return Status::Ok();
    REGEAR_FAIL_POINT("before-write");
    const auto start = std::chrono::steady_clock::now();
    const WriteReport report = connector_->Write(folded, next);
    REGEAR_FAIL_POINT("after-write");
    if (report.status.ok()) {
      *moved = true;
      for (const RefusedRow& row : report.refused) {
        REGEAR_RETURN_IF_ERROR(
            SetRowAside(row, folded, expired, batch, released));
      }
      const auto seconds = std::chrono::steady_clock::now() - start;
      // Rows set aside are out of the batch, and no news of their letters.
      const FoldedBatch written =
          report.refused.empty() ? folded : FoldAll(*batch);
      if (expired != nullptr) {
        for (size_t i = 0; i < written.size(); ++i) {
          released->emplace(written.row(i).key);
        }
      }
      dead_->OnCommitted(written);
      stats_->OnWrite(written.changes(), written.size(), seconds);
      return Status::Ok();
    }
    if (!report.status.refused() || report.refused.empty()) {
      return report.status;
    }
    if (!batch->in_order && AnyConflict(report.refused)) {
      batch->in_order = true;
      continue;
    }
    for (const RefusedRow& row : report.refused) {
      REGEAR_RETURN_IF_ERROR(
          SetRowAside(row, folded, expired, batch, released));
    }
  }
}

FoldedBatch BatchWriter::FoldAll(const PendingBatch& batch) const {
  FoldedBatch folded =
      Fold(batch.changes, spec_.mapping,
           batch.in_order ? FoldMode::kEveryChange : spec_.fold, batch.skip);
  if (batch.in_order) folded.set_in_order();
  return folded;
}

Status BatchWriter::SetRowAside(const RefusedRow& refused,
                                const FoldedBatch& folded, const Keys* expired,
                                PendingBatch* batch, Keys* released) {
  const Row& row = folded.row(refused.row);
  if (refused.kind == StatusCode::kPark && expired != nullptr &&
      !expired->contains(std::string(row.key))) {
    batch->changes.RemoveIf(
        [&](const Change& change) { return change.key == row.key; });
    return Status::Ok();  // it stays where it is
  }
  if (refused.kind == StatusCode::kPark && expired == nullptr) {
    return ParkRow(row, refused.reason, batch);
  }
  const SetAside change = Describe(refused, folded, *batch);
  REGEAR_FAIL_POINT("before-dead-letter");
  REGEAR_RETURN_IF_ERROR(AddDeadLetter(change));
  REGEAR_FAIL_POINT("after-dead-letter");
  if (expired != nullptr) released->emplace(row.key);
  Remove(row, refused.reason, batch);
  return Status::Ok();
}

Status BatchWriter::ParkRow(const Row& row, const std::string& reason,
                            PendingBatch* batch) {
  for (const Change& change : batch->changes.changes()) {
    if (!IsOf(row, change, *batch)) continue;
    if (lot_->full()) {
      return Status(StatusCode::kRetry, std::string(row.key) + ": " + reason,
                    "the rows that it and many others refer to are missing");
    }
    SetAside parked = CopyOf(batch->changes, change);
    parked.error = reason;
    parked.code = CodeIn(reason);
    REGEAR_RETURN_IF_ERROR(lot_->Park(std::move(parked)));
  }
  REGEAR_FAIL_POINT("after-parking");
  Remove(row, "", batch);
  return Status::Ok();
}

Status BatchWriter::AddDeadLetter(const SetAside& row) {
  REGEAR_RETURN_IF_ERROR(dead_->Add(row));
  stats_->OnDeadLetter(row.key + ": " + row.error);
  return Status::Ok();
}

SetAside BatchWriter::Describe(const RefusedRow& refused,
                               const FoldedBatch& folded,
                               const PendingBatch& batch) const {
  const Row& row = folded.row(refused.row);
  SetAside change;
  change.change = row.last;
  change.key = row.key;
  change.operation = row.operation;
  change.error = refused.reason;
  change.code = CodeIn(refused.reason);
  for (const Change& own : batch.changes.changes()) {
    if (own.position != row.last) continue;
    change.event = own.event;
    change.ack = own.ack;
    if (spec_.mapping.documents == nullptr) continue;
    for (const FieldValue& pair : batch.changes.Fields(own)) {
      change.fields.emplace_back(pair.field, pair.value);
    }
  }
  if (spec_.mapping.documents != nullptr) return change;
  const auto cells = folded.cells(refused.row);
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string& field = spec_.mapping.columns[i].field;
    if (cells[i].state == CellState::kValue) {
      change.fields.emplace_back(field, cells[i].value);
    } else if (cells[i].state == CellState::kDefault &&
               row.operation == Operation::kMerge) {
      change.cleared.push_back(field);
    }
  }
  return change;
}

bool BatchWriter::IsOf(const Row& row, const Change& change,
                       const PendingBatch& batch) const {
  if (batch.in_order || spec_.fold == FoldMode::kEveryChange) {
    return change.position == row.last;
  }
  return change.position > batch.skip && change.key == row.key;
}

// Takes what became `row` out of the batch. With an `error` the clients that
// wait for it are told.
void BatchWriter::Remove(const Row& row, const std::string& error,
                         PendingBatch* batch) {
  batch->changes.RemoveIf([&](const Change& change) {
    const bool of_row = IsOf(row, change, *batch);
    if (of_row && !error.empty() && !change.ack.empty()) {
      batch->failed.push_back({AckStream(change), error});
    }
    return of_row;
  });
}

}  // namespace regear

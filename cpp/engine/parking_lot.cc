#include "engine/parking_lot.h"

#include <algorithm>
#include <utility>

namespace regear {

namespace {

constexpr std::chrono::milliseconds kLongestPause{1000};

SetAside CopyOf(const ChangeBatch& batch, const Change& change) {
  SetAside copy;
  copy.change = change.position;
  copy.key = change.key;
  copy.event = change.event;
  copy.ack = change.ack;
  copy.operation = change.operation;
  for (std::string_view field : batch.Cleared(change)) {
    copy.cleared.emplace_back(field);
  }
  for (const FieldValue& pair : batch.Fields(change)) {
    if (pair.field == "_id") {
      copy.change = Position::Parse(pair.value).value_or(copy.change);
    } else if (!pair.field.starts_with('_')) {
      copy.fields.emplace_back(pair.field, pair.value);
    }
  }
  return copy;
}

}  // namespace

uint64_t UnixMilliseconds() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::system_clock::now().time_since_epoch())
          .count());
}

ParkingLot::ParkingLot(Ledger* ledger)
    : ledger_(ledger), backoff_(kLongestPause) {}

Status ParkingLot::Load() {
  if (loaded_) return Status::Ok();
  parked_.clear();
  rows_.clear();
  Position after;
  while (true) {
    const auto changes = ledger_->Read(Shelf::kParked, after);
    if (!changes.ok()) return changes.status().Annotate("parked changes");
    if (changes->empty()) break;
    for (const Change& change : changes->changes()) {
      after = change.position;
      Keep(CopyOf(*changes, change), change.position.ToString(),
           UnixMilliseconds());
    }
  }
  loaded_ = true;
  if (!parked_.empty()) due_ = Clock::now();
  return Status::Ok();
}

Status ParkingLot::Park(SetAside change) {
  const auto entry = ledger_->Put(Shelf::kParked, change);
  if (!entry.ok()) return entry.status().Annotate("parking");
  // Where it lies there already, Load has brought it.
  if (entry->empty()) return Status::Ok();
  if (parked_.empty()) {
    backoff_.Reset();
    Defer();
  }
  Keep(std::move(change), *entry, UnixMilliseconds());
  return Status::Ok();
}

void ParkingLot::Keep(SetAside change, std::string entry, uint64_t since_ms) {
  Row& row = rows_[change.key];
  if (row.changes++ == 0) row.since_ms = since_ms;
  parked_.push_back({std::move(change), std::move(entry)});
}

void ParkingLot::Defer() { due_ = Clock::now() + backoff_.Next(); }

ChangeBatch ParkingLot::Changes() const {
  ChangeBatch batch;
  for (const Parked& parked : parked_) {
    const SetAside& from = parked.change;
    for (const std::string& field : from.cleared) {
      batch.AddCleared(batch.Own(field));
    }
    for (const auto& [field, value] : from.fields) {
      const std::string_view name = batch.Own(field);
      batch.AddField(name, batch.Own(value));
    }
    Change change;
    change.position = from.change;
    change.key = batch.Own(from.key);
    change.event = batch.Own(from.event);
    change.ack = batch.Own(from.ack);
    change.operation = from.operation;
    batch.Add(change);
  }
  return batch;
}

uint64_t ParkingLot::WaitsSince(std::string_view key) const {
  const auto found = rows_.find(std::string(key));
  return found == rows_.end() ? 0 : found->second.since_ms;
}

Status ParkingLot::Release(const std::unordered_set<std::string>& keys) {
  const auto released = [&](const Parked& parked) {
    return keys.contains(parked.change.key);
  };
  std::vector<std::string> entries;
  for (const Parked& parked : parked_) {
    if (released(parked)) entries.push_back(parked.entry);
  }
  REGEAR_RETURN_IF_ERROR(ledger_->Remove(Shelf::kParked, entries));
  std::erase_if(parked_, released);
  for (const std::string& key : keys) rows_.erase(key);
  if (parked_.empty()) due_ = Clock::time_point::max();
  return Status::Ok();
}

}  // namespace regear

#include "engine/parking_lot.h"

#include <algorithm>
#include <utility>

#include "base/unix_time.h"

namespace regear {

namespace {

constexpr std::chrono::milliseconds kLongestPause{1000};

// What was parked: the reason lies among its fields (engine/redis_ledger.cc).
SetAside Unshelved(const ChangeBatch& shelf, const Change& entry) {
  SetAside change = CopyOf(shelf, entry);
  change.change = ChangeOf(shelf, entry);
  std::erase_if(change.fields,
                [](const auto& pair) { return pair.first.starts_with('_'); });
  return change;
}

}  // namespace

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
      Keep(Unshelved(*changes, change), change.position.ToString(),
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
    AppendTo(&batch, parked.change, parked.change.change);
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

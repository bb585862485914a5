#include "engine/dead_letters.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace regear {

Status DeadLetters::Load() {
  if (loaded_) return Status::Ok();
  open_.clear();
  Position after;
  while (open_.size() < kMaxRows) {
    const auto letters = ledger_->Read(Shelf::kDead, after);
    if (!letters.ok()) return letters.status().Annotate("dead letters");
    if (letters->empty()) break;
    for (const Change& letter : letters->changes()) {
      after = letter.position;
      Track(letter.key,
            {letter.position.ToString(), ChangeOf(*letters, letter)});
    }
  }
  loaded_ = true;
  return Status::Ok();
}

Status DeadLetters::Add(const SetAside& change) {
  const auto entry = ledger_->Put(Shelf::kDead, change);
  if (!entry.ok()) return entry.status().Annotate("dead letter");
  if (!entry->empty()) Track(change.key, {*entry, change.change});
  return Status::Ok();
}

void DeadLetters::Track(std::string_view key, Letter letter) {
  const auto found = open_.find(std::string(key));
  if (found != open_.end()) {
    found->second.push_back(std::move(letter));
  } else if (open_.size() < kMaxRows) {
    open_[std::string(key)].push_back(std::move(letter));
  }
}

void DeadLetters::OnCommitted(const FoldedBatch& folded) {
  if (open_.empty()) return;
  for (size_t i = 0; i < folded.size(); ++i) {
    const Row& row = folded.row(i);
    const auto found = open_.find(std::string(row.key));
    if (found == open_.end()) continue;
    // A letter of a later change than this row's stays open.
    auto& letters = found->second;
    const auto settled = std::partition(
        letters.begin(), letters.end(),
        [&](const Letter& letter) { return letter.change > row.last; });
    for (auto it = settled; it != letters.end(); ++it) {
      settled_.push_back(std::move(it->entry));
    }
    letters.erase(settled, letters.end());
    if (letters.empty()) open_.erase(found);
  }
}

Status DeadLetters::RemoveSettled() {
  if (settled_.empty()) return Status::Ok();
  REGEAR_RETURN_IF_ERROR(ledger_->Remove(Shelf::kDead, settled_));
  settled_.clear();
  return Status::Ok();
}

bool DeadLetters::Has(std::string_view key, Position change) const {
  const auto found = open_.find(std::string(key));
  return found != open_.end() &&
         std::any_of(
             found->second.begin(), found->second.end(),
             [&](const Letter& letter) { return letter.change == change; });
}

}  // namespace regear

#include "engine/row_gate.h"

#include <algorithm>
#include <chrono>
#include <memory>

namespace regear {

namespace {

// Nobody tells the gate when somebody else is to stop.
constexpr std::chrono::milliseconds kLook{50};

std::string_view RowOf(const Change& change, const RowMapping& mapping) {
  return change.key.starts_with(mapping.key_prefix)
             ? change.key.substr(mapping.key_prefix.size())
             : change.key;
}

}  // namespace

void RowGate::Join() {
  MutexLock lock(&mutex_);
  ++writers_;
  while (unseen_ > 0) changed_.Wait(&mutex_);
}

void RowGate::Part() {
  MutexLock lock(&mutex_);
  --writers_;
}

bool RowGate::Hold(const std::vector<std::string>& rows, const Ends& ends) {
  MutexLock lock(&mutex_);
  while (AnyDrained(rows)) {
    if (ends()) return false;
    changed_.WaitUntil(&mutex_, std::chrono::steady_clock::now() + kLook);
  }
  for (const std::string& row : rows) ++held_[row];
  return true;
}

bool RowGate::AnyDrained(const std::vector<std::string>& rows) const {
  for (const auto& [stream, drained] : drained_) {
    for (const std::string& row : rows) {
      if (drained.contains(row)) return true;
    }
  }
  return false;
}

// The lanes that wrote one row after another may come in another order.
void RowGate::Mark(const ChangeBatch& group, const StreamPositions& applied) {
  MutexLock lock(&mutex_);
  for (const auto& [name, position] : applied) {
    const auto raise = [at = position](Position* mark) {
      *mark = std::max(*mark, at);
    };
    Stream& stream = streams_[name];
    for (const Change& change : group.changes()) {
      std::string row(change.key);
      Hidden& hidden = stream.rows[row];
      stream.marks.emplace_back(position, std::move(row));
      if (change.operation != Operation::kMerge) raise(&hidden.row);
      for (const FieldValue& pair : group.Fields(change)) {
        raise(&hidden.fields[std::string(pair.field)]);
      }
      for (const std::string_view field : group.Cleared(change)) {
        raise(&hidden.fields[std::string(field)]);
      }
    }
  }
}

void RowGate::Release(const std::vector<std::string>& rows) {
  MutexLock lock(&mutex_);
  for (const std::string& row : rows) {
    const auto held = held_.find(row);
    if (held != held_.end() && --held->second == 0) held_.erase(held);
  }
  changed_.NotifyAll();
}

// Lanes let a batch that waits go first: they come back again and again, and
// some of its rows would always be held.
bool RowGate::Enter(const std::string& stream, const RowMapping& mapping,
                    ChangeBatch* batch, std::vector<Change>* hidden,
                    const Ends& ends) {
  MutexLock lock(&mutex_);
  if (writers_ == 0) {
    ++unseen_;
    return true;
  }
  Rows& rows = drained_[stream];
  for (const Change& change : batch->changes()) {
    rows.insert(RowOf(change, mapping));
  }
  while (AnyHeld(rows)) {
    if (ends()) {
      drained_.erase(stream);
      changed_.NotifyAll();
      return false;
    }
    changed_.WaitUntil(&mutex_, std::chrono::steady_clock::now() + kLook);
  }
  const auto found = streams_.find(stream);
  if (found != streams_.end() && !found->second.rows.empty()) {
    Hide(found->second, mapping, batch, hidden);
  }
  return true;
}

void RowGate::Leave(const std::string& stream) {
  MutexLock lock(&mutex_);
  if (drained_.erase(stream) == 0) --unseen_;
  changed_.NotifyAll();
}

bool RowGate::AnyHeld(const Rows& rows) const {
  return std::any_of(held_.begin(), held_.end(),
                     [&](const auto& row) { return rows.contains(row.first); });
}

void RowGate::Hide(const Stream& stream, const RowMapping& mapping,
                   ChangeBatch* batch, std::vector<Change>* hidden) {
  ChangeBatch rest;
  for (const Change& change : batch->changes()) {
    const auto row = stream.rows.find(std::string(RowOf(change, mapping)));
    if (row == stream.rows.end()) {
      for (const FieldValue& pair : batch->Fields(change)) {
        rest.AddField(pair.field, pair.value);
      }
      for (const std::string_view field : batch->Cleared(change)) {
        rest.AddCleared(field);
      }
      rest.Add(change);
    } else if (!AddShown(row->second, mapping, *batch, change, &rest)) {
      hidden->push_back(change);
    }
  }
  rest.Keep(std::make_shared<ChangeBatch>(std::move(*batch)));
  *batch = std::move(rest);
}

// A delete or a replacement of a row of which fields were written through
// since becomes what it says of the other ones.
bool RowGate::AddShown(const Hidden& hidden, const RowMapping& mapping,
                       const ChangeBatch& batch, const Change& change,
                       ChangeBatch* rest) {
  if (change.position <= hidden.row) return false;
  const auto shows = [&](std::string_view field) {
    const auto found = hidden.fields.find(std::string(field));
    return found == hidden.fields.end() || found->second < change.position;
  };
  const bool partly = std::any_of(
      hidden.fields.begin(), hidden.fields.end(),
      [&](const auto& field) { return field.second >= change.position; });
  Change kept = change;
  bool any = !partly;
  if (partly && change.operation != Operation::kMerge) {
    kept.operation = Operation::kMerge;
    for (const RowMapping::Column& column : mapping.columns) {
      if (!shows(column.field)) continue;
      rest->AddCleared(column.field);
      any = true;
    }
  }
  for (const FieldValue& pair : batch.Fields(change)) {
    if (!shows(pair.field)) continue;
    rest->AddField(pair.field, pair.value);
    any = true;
  }
  for (const std::string_view field : batch.Cleared(change)) {
    if (!shows(field)) continue;
    rest->AddCleared(field);
    any = true;
  }
  if (any) rest->Add(kept);
  return any;
}

void RowGate::Passed(const std::string& stream, Position position) {
  MutexLock lock(&mutex_);
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  auto& [rows, marks] = found->second;
  while (!marks.empty() && marks.front().first <= position) {
    const std::string row = std::move(marks.front().second);
    marks.pop_front();
    const auto hidden = rows.find(row);
    if (hidden == rows.end()) continue;
    std::erase_if(hidden->second.fields,
                  [&](const auto& field) { return field.second <= position; });
    if (hidden->second.fields.empty() && hidden->second.row <= position) {
      rows.erase(hidden);
    }
  }
}

}  // namespace regear

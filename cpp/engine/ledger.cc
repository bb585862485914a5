#include "engine/ledger.h"

namespace regear {

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
    copy.fields.emplace_back(pair.field, pair.value);
  }
  return copy;
}

void AppendTo(ChangeBatch* batch, const SetAside& change, Position position) {
  for (const std::string& field : change.cleared) {
    batch->AddCleared(batch->Own(field));
  }
  for (const auto& [field, value] : change.fields) {
    const std::string_view name = batch->Own(field);
    batch->AddField(name, batch->Own(value));
  }
  Change added;
  added.position = position;
  added.key = batch->Own(change.key);
  added.event = batch->Own(change.event);
  added.ack = batch->Own(change.ack);
  added.operation = change.operation;
  batch->Add(added);
}

Position ChangeOf(const ChangeBatch& shelf, const Change& entry) {
  for (const FieldValue& pair : shelf.Fields(entry)) {
    if (pair.field != "_id") continue;
    return Position::Parse(pair.value).value_or(entry.position);
  }
  return entry.position;
}

}  // namespace regear

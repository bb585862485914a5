#include "module/key_state.h"

#include "module/json_document.h"

namespace regear {

namespace {

// The field of a hash that says what to do with this write.
rm::String* OperationField() {
  static rm::String* const kField = MakeString("#").release();
  return kField;
}

struct ScanTarget {
  const CaptureRule& rule;
  std::vector<FieldAndValue>& fields;
};

// Runs inside the server's scan, through which no exception may pass: without
// memory the process ends, as it does everywhere in the server.
void CollectField(rm::Key*, rm::String* field, rm::String* value,
                  void* data) noexcept {
  auto* target = static_cast<ScanTarget*>(data);
  if (!target->rule.WantsField(View(field))) return;
  target->fields.push_back({Share(field), Share(value)});
}

void ReadAllFields(rm::Key* key, const CaptureRule& rule, KeyState* state) {
  ScanTarget target{rule, state->fields};
  const ScanCursorPtr cursor(rm::ScanCursorCreate());
  while (rm::ScanKey(key, cursor.get(), CollectField, &target)) {
  }
}

void ReadMappedFields(rm::Key* key, const CaptureRule& rule, KeyState* state) {
  state->fields.reserve(rule.fields().size());
  for (const StringPtr& field : rule.fields()) {
    rm::String* value = nullptr;
    rm::HashGet(key, rm::kHashNone, field.get(), &value, nullptr);
    if (value != nullptr) {
      state->fields.push_back({Share(field.get()), StringPtr(value)});
    } else {
      state->absent.push_back(field.get());
    }
  }
}

KeyState ReadDocumentKey(rm::Ctx* ctx, rm::String* key,
                         const CaptureRule& rule) {
  KeyState state;
  StringPtr document = ReadDocument(ctx, key);
  if (document == nullptr) {
    if (KeyExists(ctx, key)) state.kind = KeyKind::kOther;
    return state;
  }
  state.kind = KeyKind::kCaptured;
  rm::String* field = rule.fields().front().get();
  state.fields.push_back({Share(field), std::move(document)});
  return state;
}

}  // namespace

bool KeyExists(rm::Ctx* ctx, rm::String* key) {
  const KeyPtr open(rm::OpenKey(ctx, key, rm::kOpenRead | rm::kOpenNoTouch));
  return open != nullptr && rm::KeyType(open.get()) != rm::kKeyEmpty;
}

KeyState ReadKey(rm::Ctx* ctx, rm::String* key, const CaptureRule& rule) {
  if (rule.documents()) return ReadDocumentKey(ctx, key, rule);
  const KeyPtr open(rm::OpenKey(ctx, key, rm::kOpenRead | rm::kOpenNoTouch));
  return ReadOpenKey(open.get(), rule);
}

KeyState ReadOpenKey(rm::Key* open, const CaptureRule& rule) {
  KeyState state;
  const int type = open == nullptr ? rm::kKeyEmpty : rm::KeyType(open);
  if (type == rm::kKeyEmpty || rule.documents()) return state;
  if (type != rm::kKeyHash) {
    state.kind = KeyKind::kOther;
    return state;
  }
  state.kind = KeyKind::kCaptured;
  if (rule.operations()) {
    rm::String* operation = nullptr;
    rm::HashGet(open, rm::kHashNone, OperationField(), &operation, nullptr);
    state.operation.reset(operation);
  }
  if (rule.all_fields()) {
    ReadAllFields(open, rule, &state);
  } else {
    ReadMappedFields(open, rule, &state);
  }
  return state;
}

}  // namespace regear

// Reads the present state of a key.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "module/capture_rule.h"
#include "module/handles.h"

namespace regear {

// kCaptured: what the rule captures, a hash or a document.
enum class KeyKind : uint8_t { kMissing, kCaptured, kOther };

struct FieldAndValue {
  StringPtr field;
  StringPtr value;
};

struct KeyState {
  KeyKind kind = KeyKind::kMissing;
  // Those that `rule` wants, in its order; of a document all of it in one.
  std::vector<FieldAndValue> fields;
  std::vector<rm::String*> absent;  // mapped fields that the hash lacks
  StringPtr operation;              // value of '#' if `rule` obeys it
};

// In the selected database, without touching the key's access time.
bool KeyExists(rm::Ctx* ctx, rm::String* key);

// Of a key that is open; null: there is none. Documents cannot be read so:
// for a rule of documents the key is missing.
KeyState ReadOpenKey(rm::Key* open, const CaptureRule& rule);
// In the selected database, without touching the key's access time.
KeyState ReadKey(rm::Ctx* ctx, rm::String* key, const CaptureRule& rule);

}  // namespace regear

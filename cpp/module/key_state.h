// Reads the present state of a key.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "module/capture_rule.h"
#include "module/handles.h"

namespace regear {

enum class KeyKind : uint8_t { kMissing, kHash, kOther };

struct FieldAndValue {
  StringPtr field;
  StringPtr value;
};

struct KeyState {
  KeyKind kind = KeyKind::kMissing;
  std::vector<FieldAndValue> fields;  // that `rule` wants, in its order
  std::vector<rm::String*> absent;    // mapped fields that the hash lacks
  StringPtr operation;                // value of '#' if `rule` obeys it
};

// Of a key that is open; null: there is none.
KeyState ReadOpenKey(rm::Key* open, const CaptureRule& rule);
// In the selected database, without touching the key's access time.
KeyState ReadKey(rm::Ctx* ctx, rm::String* key, const CaptureRule& rule);

}  // namespace regear

// The hash field '#': what is to be done with one write, and who waits for it.
//
// value := sign ack
// sign  := "=" write both   "+" Redis only   "~" delete both
//          "-" delete in Redis only
// ack   := the rest: the outcome is reported to the stream "{<key>}<ack>"
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "module/capture_rule.h"
#include "module/handles.h"

namespace regear {

// One value of '#' on one key. Main thread only.
struct Operation {
  StringPtr key;
  int db = 0;
  std::string value;
  uint64_t event = 0;  // that brought it
  uint64_t unit = 0;
  bool entrusted = false;  // an entry carries the ack to the host
  std::vector<std::shared_ptr<CaptureRule>> rules;

  char sign() const { return value.empty() ? '=' : value[0]; }
  std::string ack() const { return value.empty() ? value : value.substr(1); }
  bool known() const {
    return std::string_view("=+~-").find(sign()) != std::string_view::npos;
  }
  bool deletes_key() const { return sign() == '~' || sign() == '-'; }
  // An unknown operation loses nothing: the write is captured.
  bool captures() const { return sign() == '=' || !known(); }
};

// The operations of the unit that is running. A value stays in its hash until
// the unit ends, where later events see it again: it counts once.
class Operations {
 public:
  // `event` of `key` was captured by `rule` while the field '#' held `value`.
  // Null if that value was obeyed before in this unit. Valid until Take.
  Operation* Obey(const std::shared_ptr<CaptureRule>& rule, rm::String* key,
                  std::string_view value, uint64_t event, uint64_t unit);

  bool empty() const { return operations_.empty(); }
  std::vector<std::unique_ptr<Operation>> Take();

 private:
  std::vector<std::unique_ptr<Operation>> operations_;
  std::unordered_map<std::string, Operation*> newest_;  // by database and key
};

// Does to the key what the operation says, takes the field '#' out of it and
// reports what no entry reports. At the end of the unit.
void Consume(rm::Ctx* ctx, const Operation& operation);

}  // namespace regear

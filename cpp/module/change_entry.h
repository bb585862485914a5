// One entry of a change stream.
//
// entry := "_original_key" key "_event" event "#" op ["_uuid" ack]
//          ["_unit" "+"] *( "_clear" field ) *( field value )
// op    := "=" merge: these fields are so, others are unknown
//          "!" replace: these fields are all      "~" delete
// _clear: a field that this event removed; _unit +: the entry belongs to the
// same unit as the one before it. Fields stand in mapping order, so equal
// field sets are stored once in the stream.
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "module/handles.h"
#include "module/server_state.h"
#include "module/stream_id.h"

namespace regear {

enum class ChangeOp : char { kMerge = '=', kReplace = '!', kDelete = '~' };

// The strings of an entry, alternating names and values. The constant ones
// are shared by all entries. Main thread only.
class ChangeEntry {
 public:
  // `ack` names the stream to report to once the change is in the target;
  // null: nobody waits for it.
  ChangeEntry(rm::String* key, std::string_view event, ChangeOp op,
              bool continues_unit, StringPtr ack = nullptr);
  void AddCleared(rm::String* field);
  void AddField(rm::String* field, StringPtr value);

  rm::String* key() const { return strings_[1]; }
  ChangeOp op() const { return static_cast<ChangeOp>(View(strings_[5])[0]); }
  // The values of all pairs of that name that stand before the fields.
  std::vector<std::string_view> Values(std::string_view name) const;

  // Appends the entry to `stream` in database 0, as durable and as replicated
  // as the command that is running. False if `stream` holds something else.
  // `last` is the highest id that the stream ever had, and becomes this one:
  // a stream that was deleted goes on behind it.
  bool AppendTo(rm::Ctx* ctx, rm::String* stream, const ServerState& server,
                StreamId* last);

 private:
  void Push(rm::String* shared);

  std::vector<StringPtr> owned_;
  std::vector<rm::String*> strings_;
};

}  // namespace regear

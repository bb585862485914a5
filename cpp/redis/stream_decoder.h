// Builds a ChangeBatch straight out of the reply parser.
//
// The entries of a change stream (grammar: module/change_entry.h) arrive as
//   [[stream, [[id, [field, value, …]], …]]]
// hiredis would make one heap object of each string and array, about twenty
// for an entry of three fields. Here each string is copied once into chunks
// that live as long as the batch, and a field name that the entry before had
// at the same place is not copied at all.
#pragma once

#include <hiredis/hiredis.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "change/change.h"

namespace regear {

// Memory for strings that is freed all at once. Chunks are shared by the
// batches whose views point into them.
class StringArena {
 public:
  std::string_view Copy(std::string_view text);
  // Makes `batch` keep all chunks alive.
  void KeepIn(ChangeBatch* batch) const;

 private:
  char* Allocate(size_t bytes);

  std::vector<std::shared_ptr<char[]>> chunks_;
  char* free_ = nullptr;
  size_t left_ = 0;
  size_t next_chunk_ = 4 * 1024;
};

// Decodes one XREAD reply. Pass Functions() and the decoder itself to
// Connection::ReadReplyThrough, then call Finish.
class StreamDecoder {
 public:
  // Entries go to `head`; with a `rest`, those up to the first one that
  // starts a unit go to `head` and all others to `rest`. `reader` must be the
  // parser that will call the functions.
  StreamDecoder(const redisReader* reader, ChangeBatch* head,
                ChangeBatch* rest);
  StreamDecoder(const StreamDecoder&) = delete;
  StreamDecoder& operator=(const StreamDecoder&) = delete;

  static redisReplyObjectFunctions* Functions();

  // Hands the memory to the batches. Fails for an error reply and for an
  // entry that is not a change; the changes before it are in the batches.
  Status Finish();

  size_t entries() const { return entries_; }
  Position last() const { return last_; }  // of the newest entry

 private:
  // Where in the entry the next field name stands; only moves forward.
  enum class Stage { kKey, kEvent, kOperation, kAck, kUnit, kCleared, kFields };
  // What the next value means.
  enum class Role {
    kKey,
    kEvent,
    kOperation,
    kAck,
    kUnit,
    kCleared,
    kRealKey,
    kField
  };

  static StreamDecoder* Of(const redisReadTask* task);
  static void* OnString(const redisReadTask* task, char* text, size_t size);
  static void* OnArray(const redisReadTask* task, int elements);
  static void* OnInteger(const redisReadTask* task, long long number);
  static void* OnNil(const redisReadTask* task);
  static void OnFree(void* object);

  void StartEntry(std::string_view id);
  void AddName(size_t pair, std::string_view name);
  void AddValue(std::string_view value);
  bool TakeMeta(std::string_view name);
  void FinishEntry();
  ChangeBatch* Sink();
  void Malformed(std::string_view why);

  const redisReader* const reader_;
  ChangeBatch* const head_;
  ChangeBatch* const rest_;
  StringArena arena_;

  bool splitting_;
  ChangeBatch* sink_ = nullptr;  // of the current entry, once known
  Change change_;
  Stage stage_ = Stage::kKey;
  Role role_ = Role::kField;
  int strings_ = 0;                      // of the current entry
  std::string_view name_;                // of the current pair
  std::vector<std::string_view> names_;  // by pair, of the entries before
  std::string_view event_;               // of the entry before

  size_t entries_ = 0;
  Position last_;
  Status status_;
};

}  // namespace regear

// Keys whose changes wait outside of a change stream: it is full, or does not
// take them. Their state is read when there is room again.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "module/change_entry.h"
#include "module/handles.h"
#include "module/kept_key.h"

namespace regear {

// What is remembered of the changes of one key; stored as JSON:
//   {"o": last op, "c": [cleared field…], "a": [ack id…]}
// Texts are bytes: each is stored as the character of its number.
struct DirtyKey {
  ChangeOp op = ChangeOp::kMerge;
  std::vector<std::string> cleared;
  std::vector<std::string> acks;

  // Takes in what happened later.
  void Merge(const ChangeEntry& entry);
  std::string Encode() const;
  // Throws std::exception if `text` is something else.
  static DirtyKey Decode(std::string_view text);
};

// A hash in database 0: field key, value DirtyKey. As durable and as
// replicated as the writes that made the keys dirty. Where the hash cannot be
// written, because others put something else there, the keys are remembered
// in memory. Main thread only.
class DirtyKeys {
 public:
  static constexpr size_t kMaxInMemory = 100'000;

  explicit DirtyKeys(std::string_view name) : hash_(name, rm::kKeyHash) {}

  KeptKey& hash() { return hash_; }
  const KeptKey& hash() const { return hash_; }
  long long size() const {
    return hash_.size() + static_cast<long long>(memory_.size());
  }

  // False if there is no room to remember it.
  bool Mark(rm::Ctx* ctx, const ChangeEntry& entry);
  // Some of them, in any order; every one is returned if it is called and
  // they are erased as long as there are any.
  std::vector<std::pair<std::string, DirtyKey>> Some(rm::Ctx* ctx, size_t max);
  // Nothing if the key is not dirty.
  std::optional<DirtyKey> Find(rm::Ctx* ctx, rm::String* key) const;
  // How many there were.
  long long Clear(rm::Ctx* ctx);
  void Erase(rm::Ctx* ctx, const std::vector<std::string>& keys);

 private:
  StringPtr Stored(rm::Ctx* ctx, rm::String* key) const;

  KeptKey hash_;
  std::map<std::string, DirtyKey, std::less<>> memory_;
  ScanCursorPtr cursor_;
};

}  // namespace regear

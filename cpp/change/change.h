// What happened to one key, as the module captured it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "change/position.h"

namespace regear {

// The op character of a change stream entry (grammar: module/change_entry.h).
enum class Operation : char {
  kMerge = '=',    // these fields are so, others are unknown
  kReplace = '!',  // these fields are all that the key holds
  kDelete = '~',   // the key is gone, or holds no hash any more
};

struct FieldValue {
  std::string_view field;
  std::string_view value;
};

// One captured state of one key. All views point into the ChangeBatch that
// holds the change.
struct Change {
  Position position;
  std::string_view key;
  // Of a write that its client waits for: the key in Redis, as `key` holds
  // the row's id only.
  std::string_view real_key = {};
  std::string_view event;
  std::string_view ack;  // id of the stream to confirm on; empty: none
  Operation operation = Operation::kMerge;
  bool continues_unit = false;  // belongs to the same unit as the one before
  uint32_t first_field = 0;
  uint32_t field_count = 0;
  uint32_t first_cleared = 0;
  uint32_t cleared_count = 0;
};

// Changes in stream order together with the memory behind their views.
// Move-only: a copy would leave the views pointing at the original.
class ChangeBatch {
 public:
  ChangeBatch() = default;
  ChangeBatch(ChangeBatch&&) = default;
  ChangeBatch& operator=(ChangeBatch&&) = default;
  ChangeBatch(const ChangeBatch&) = delete;
  ChangeBatch& operator=(const ChangeBatch&) = delete;

  bool empty() const { return changes_.empty(); }
  size_t size() const { return changes_.size(); }
  size_t bytes() const { return bytes_; }  // of keys, fields and values
  const Change& operator[](size_t i) const { return changes_[i]; }
  const std::vector<Change>& changes() const { return changes_; }

  std::span<const FieldValue> Fields(const Change& change) const {
    return {fields_.data() + change.first_field, change.field_count};
  }
  std::span<const std::string_view> Cleared(const Change& change) const {
    return {cleared_.data() + change.first_cleared, change.cleared_count};
  }

  // Building, in this order for each change: AddField and AddCleared any
  // number of times, then Add, which takes what was added since the last one.
  void AddField(std::string_view field, std::string_view value) {
    fields_.push_back({field, value});
    bytes_ += field.size() + value.size();
  }
  void AddCleared(std::string_view field) {
    cleared_.push_back(field);
    bytes_ += field.size();
  }
  void Add(Change change);

  // Copies `text` into memory that lives as long as the batch.
  std::string_view Own(std::string text) {
    return owned_.emplace_back(std::move(text));
  }
  // Keeps `memory`, into which views of this batch point, alive.
  void Keep(std::shared_ptr<void> memory) {
    kept_.push_back(std::move(memory));
  }

  // Moves all of `later` behind the changes of this batch.
  void Append(ChangeBatch later);

  // Takes out the changes for which `predicate` holds; the memory stays.
  template <typename Predicate>
  void RemoveIf(Predicate predicate) {
    std::erase_if(changes_, predicate);
  }

 private:
  std::vector<Change> changes_;
  std::vector<FieldValue> fields_;
  std::vector<std::string_view> cleared_;
  // A list never moves its elements, and takes no memory while it is empty.
  std::list<std::string> owned_;
  std::vector<std::shared_ptr<void>> kept_;
  size_t bytes_ = 0;
  uint32_t taken_fields_ = 0;   // fields_ that belong to a change already
  uint32_t taken_cleared_ = 0;  // likewise for cleared_
};

}  // namespace regear

// Batches of changes in few words.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "change/change.h"

namespace regear {

// A change as text; the batch owns copies of it all.
struct ChangeText {
  std::string key;
  Operation operation = Operation::kMerge;
  std::vector<std::pair<std::string, std::string>> fields;
  std::vector<std::string> cleared;

  bool operator==(const ChangeText&) const = default;
};

// Positions count up from 1-0.
class BatchBuilder {
 public:
  explicit BatchBuilder(uint64_t first = 1) : next_(first) {}

  BatchBuilder& Add(const ChangeText& text) {
    for (const auto& [field, value] : text.fields) {
      batch_.AddField(batch_.Own(field), batch_.Own(value));
    }
    for (const std::string& field : text.cleared) {
      batch_.AddCleared(batch_.Own(field));
    }
    Change change;
    change.position = {next_++, 0};
    change.key = batch_.Own(text.key);
    change.event = "test";
    change.operation = text.operation;
    batch_.Add(change);
    return *this;
  }
  BatchBuilder& Set(std::string key,
                    std::vector<std::pair<std::string, std::string>> fields,
                    std::vector<std::string> cleared = {}) {
    return Add({std::move(key), Operation::kMerge, std::move(fields),
                std::move(cleared)});
  }
  BatchBuilder& Replace(
      std::string key,
      std::vector<std::pair<std::string, std::string>> fields) {
    return Add({std::move(key), Operation::kReplace, std::move(fields), {}});
  }
  BatchBuilder& Delete(std::string key) {
    return Add({std::move(key), Operation::kDelete, {}, {}});
  }

  ChangeBatch Take() { return std::exchange(batch_, {}); }

 private:
  uint64_t next_;
  ChangeBatch batch_;
};

}  // namespace regear

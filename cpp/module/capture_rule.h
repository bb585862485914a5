// The native part of a registration: which changes to append to which stream.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "module/handles.h"

namespace regear {

struct ChangeStream;

// Main thread only. Strings that every entry repeats are made once.
class CaptureRule {
 public:
  struct Options {
    std::string prefix;  // "person:"
    int db = 0;
    std::vector<std::string> events;  // "change" stands for every event
    bool all_fields = false;
    std::vector<std::string> fields;  // in mapping order, unless all_fields
    bool documents = false;   // JSON; `fields` has the name that they go by
    bool operations = false;  // the hash field '#' is obeyed
    std::vector<std::string> delete_on;  // "del", "expired", "evicted"
    bool delete_on_flush = false;
    bool delete_missing = false;
    std::string stream;
  };

  explicit CaptureRule(const Options& options);

  bool MatchesPrefix(std::string_view key) const {
    return key.starts_with(prefix_);
  }
  int db() const { return db_; }
  bool WantsEvent(std::string_view event) const;
  // Whether `event`, the key's removal by expiry or eviction, is a delete.
  bool DeletesOn(std::string_view event) const;
  // FLUSHALL, FLUSHDB and SWAPDB delete the rows of the keys that go.
  bool deletes_on_flush() const { return delete_on_flush_; }
  // A DEL of a key that is gone already is a delete.
  bool deletes_missing() const { return delete_missing_; }
  // JSON documents are captured, in place of hashes.
  bool documents() const { return documents_; }
  bool operations() const { return operations_; }
  // Whether `field` is captured. Fields that start with '_' never are, nor is
  // the operation field '#'.
  bool WantsField(std::string_view field) const;

  bool all_fields() const { return all_fields_; }
  const std::vector<StringPtr>& fields() const { return fields_; }
  rm::String* stream() const { return stream_.get(); }

  // The stream and what waits for it; set once the rule is in force.
  std::shared_ptr<ChangeStream> backlog;
  // The unit to which the newest entry of the stream belongs; 0: none.
  uint64_t last_unit = 0;
  uint64_t captured = 0;  // entries appended since the module was loaded
  std::string last_error;

 private:
  const std::string prefix_;
  const int db_;
  const bool all_fields_;
  const bool documents_;
  const bool operations_;
  bool delete_on_expired_ = false;
  bool delete_on_evicted_ = false;
  bool delete_on_flush_ = false;
  bool delete_missing_ = false;
  bool every_event_ = false;
  std::unordered_set<std::string> events_;
  std::vector<StringPtr> fields_;
  const StringPtr stream_;
};

}  // namespace regear

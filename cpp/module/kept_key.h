// One of the keys that hold a backlog: a stream, or the hash of dirty keys.
#pragma once

#include <string>
#include <string_view>

#include "module/handles.h"
#include "module/module_api.h"

namespace regear {

// Knows how much the key holds, to notice when others take something away.
// The key is in database 0. Main thread only.
class KeptKey {
 public:
  KeptKey(std::string_view name, int type)
      : name_(MakeString(name)), type_(type) {}

  rm::String* name() const { return name_.get(); }
  std::string text() const { return std::string(View(name_.get())); }
  int type() const { return type_; }

  // Entries of the stream, fields of the hash.
  long long size() const { return size_; }
  void Add(long long count) { size_ += count; }

  // Looks into the server; returns how many are missing of those known.
  long long Recount(rm::Ctx* ctx);

 private:
  const StringPtr name_;
  const int type_;  // kKeyStream or kKeyHash
  long long size_ = 0;
};

}  // namespace regear

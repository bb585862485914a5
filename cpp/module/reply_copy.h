// A reply that outlives the command that gave it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "module/handles.h"

namespace regear {

class ReplyCopy {
 public:
  ReplyCopy() = default;  // nil
  // Of numbers, texts, nil and arrays of them; anything else is nil.
  explicit ReplyCopy(rm::CallReply* reply);

  bool is_null() const { return kind_ == Kind::kNull; }
  void Send(rm::Ctx* ctx) const;

 private:
  enum class Kind : uint8_t { kNull, kText, kInteger, kDouble, kArray };

  Kind kind_ = Kind::kNull;
  long long integer_ = 0;
  double number_ = 0;
  std::string text_;
  std::vector<ReplyCopy> elements_;
};

}  // namespace regear

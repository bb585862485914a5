// The arguments of a command and short forms of its replies.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "module/handles.h"
#include "module/module_api.h"
#include "module/text.h"

namespace regear {

// The arguments behind a subcommand's name. Valid while the command runs.
class CommandArguments {
 public:
  CommandArguments(rm::String** argv, int argc) : argv_(argv), argc_(argc) {}

  size_t size() const { return static_cast<size_t>(argc_); }
  rm::String* String(size_t i) const { return argv_[i]; }
  std::string_view Text(size_t i) const { return View(argv_[i]); }
  // Throws std::invalid_argument for anything else than decimal digits.
  uint64_t Number(size_t i) const {
    const auto number = ParseNumber<uint64_t>(Text(i));
    if (!number) {
      throw std::invalid_argument("not a number: " + std::string(Text(i)));
    }
    return *number;
  }
  std::vector<std::string> Texts(size_t first) const {
    std::vector<std::string> texts;
    for (size_t i = first; i < size(); ++i) texts.emplace_back(Text(i));
    return texts;
  }
  // Those from `first` on, as an array for RedisModule_Call's "v".
  rm::String** From(size_t first) const { return argv_ + first; }

 private:
  rm::String** argv_;
  int argc_;
};

inline void Reply(rm::Ctx* ctx, std::string_view text) {
  rm::ReplyWithStringBuffer(ctx, text.data(), text.size());
}

inline void ReplyTexts(rm::Ctx* ctx, const std::vector<std::string>& texts) {
  rm::ReplyWithArray(ctx, static_cast<long>(texts.size()));
  for (const std::string& text : texts) Reply(ctx, text);
}

inline void ReplyPair(rm::Ctx* ctx, std::string_view name,
                      std::string_view value) {
  Reply(ctx, name);
  Reply(ctx, value);
}

inline void ReplyPair(rm::Ctx* ctx, std::string_view name, uint64_t value) {
  Reply(ctx, name);
  rm::ReplyWithLongLong(ctx, static_cast<long long>(value));
}

}  // namespace regear

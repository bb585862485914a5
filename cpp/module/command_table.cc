#include "module/command_table.h"

#include <algorithm>
#include <array>

namespace regear {

namespace {

// Of the reply of COMMAND INFO.
constexpr size_t kFlags = 2;
constexpr size_t kFirstKey = 3;
constexpr size_t kLastKey = 4;
constexpr size_t kKeyStep = 5;
constexpr size_t kSubcommands = 9;

bool HasFlag(rm::CallReply* flags, std::string_view flag) {
  const size_t count = rm::CallReplyLength(flags);
  for (size_t i = 0; i < count; ++i) {
    if (View(rm::CallReplyArrayElement(flags, i)) == flag) return true;
  }
  return false;
}

int Number(rm::CallReply* info, size_t i) {
  return static_cast<int>(
      rm::CallReplyInteger(rm::CallReplyArrayElement(info, i)));
}

}  // namespace

bool CommandTable::IsWrite(rm::Ctx* ctx, rm::String** argv, int argc) {
  const std::string_view name = View(argv[0]);
  const Facts* facts = Find(ctx, name);
  if (facts == nullptr) return false;
  if (!facts->has_subcommands || argc < 2) return facts->is_write;
  facts = Find(ctx, std::string(name).append("|").append(View(argv[1])));
  return facts != nullptr && facts->is_write;
}

CommandTable::Range CommandTable::WrittenKeys(rm::Ctx* ctx,
                                              std::string_view name,
                                              int count) {
  const Range all = {1, count - 1, 1};
  const Facts* facts = Find(ctx, name);
  if (facts == nullptr) return {};
  if (facts->has_subcommands) return all;
  if (!facts->is_write) return {};
  if (facts->keys_vary || facts->keys.step < 1) return all;
  Range keys = facts->keys;
  if (keys.last < 0) keys.last += count;
  keys.last = std::min(keys.last, count - 1);
  return keys;
}

const CommandTable::Facts* CommandTable::Find(rm::Ctx* ctx,
                                              std::string_view name) {
  std::array<char, 64> buffer;  // longer than any name
  if (name.size() > buffer.size()) return nullptr;
  std::transform(name.begin(), name.end(), buffer.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  const std::string_view lower(buffer.data(), name.size());
  const auto known = known_.find(lower);
  return known != known_.end() ? &known->second : Ask(ctx, lower);
}

const CommandTable::Facts* CommandTable::Ask(rm::Ctx* ctx,
                                             std::string_view lower_name) {
  const CallReplyPtr reply(rm::Call(ctx, "COMMAND", "cb", "INFO",
                                    lower_name.data(), lower_name.size()));
  if (reply == nullptr || rm::CallReplyType(reply.get()) != rm::kReplyArray) {
    return nullptr;
  }
  rm::CallReply* info = rm::CallReplyArrayElement(reply.get(), 0);
  if (info == nullptr || rm::CallReplyType(info) != rm::kReplyArray) {
    return nullptr;
  }
  Facts facts;
  rm::CallReply* flags = rm::CallReplyArrayElement(info, kFlags);
  facts.is_write = HasFlag(flags, "write");
  facts.keys_vary = HasFlag(flags, "movablekeys");
  facts.keys = {Number(info, kFirstKey), Number(info, kLastKey),
                Number(info, kKeyStep)};
  rm::CallReply* subcommands = rm::CallReplyArrayElement(info, kSubcommands);
  facts.has_subcommands =
      subcommands != nullptr && rm::CallReplyLength(subcommands) > 0;
  return &(known_[std::string(lower_name)] = facts);
}

std::vector<int> KeyPositions(rm::Ctx* ctx, rm::String** argv, int argc) {
  int count = 0;
  int* found = rm::GetCommandKeys(ctx, argv, argc, &count);
  if (found == nullptr) return {};
  std::vector<int> positions(found, found + count);
  rm::Free(found);
  return positions;
}

}  // namespace regear

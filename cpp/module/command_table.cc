#include "module/command_table.h"

#include "module/text.h"

namespace regear {

namespace {

// Of the reply of COMMAND INFO.
constexpr size_t kFlags = 2;
constexpr size_t kSubcommands = 9;

bool HasFlag(rm::CallReply* flags, std::string_view flag) {
  const size_t count = rm::CallReplyLength(flags);
  for (size_t i = 0; i < count; ++i) {
    if (View(rm::CallReplyArrayElement(flags, i)) == flag) return true;
  }
  return false;
}

}  // namespace

bool CommandTable::IsWrite(rm::Ctx* ctx, rm::String** argv, int argc) {
  const std::string name = LowerCase(View(argv[0]));
  const Facts* facts = Find(ctx, name);
  if (facts == nullptr) return false;
  if (!facts->has_subcommands || argc < 2) return facts->is_write;
  facts = Find(ctx, name + "|" + LowerCase(View(argv[1])));
  return facts != nullptr && facts->is_write;
}

const CommandTable::Facts* CommandTable::Find(rm::Ctx* ctx,
                                              std::string_view name) {
  const std::string text(name);
  const auto known = known_.find(text);
  if (known != known_.end()) return &known->second;
  const CallReplyPtr reply(
      rm::Call(ctx, "COMMAND", "cb", "INFO", text.data(), text.size()));
  if (reply == nullptr || rm::CallReplyType(reply.get()) != rm::kReplyArray) {
    return nullptr;
  }
  rm::CallReply* info = rm::CallReplyArrayElement(reply.get(), 0);
  if (info == nullptr || rm::CallReplyType(info) != rm::kReplyArray) {
    return nullptr;
  }
  Facts facts;
  facts.is_write = HasFlag(rm::CallReplyArrayElement(info, kFlags), "write");
  rm::CallReply* subcommands = rm::CallReplyArrayElement(info, kSubcommands);
  facts.has_subcommands =
      subcommands != nullptr && rm::CallReplyLength(subcommands) > 0;
  return &(known_[text] = facts);
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

// Dirty keys become changes again: their present state is appended.
#include <algorithm>
#include <optional>
#include <utility>

#include "module/backlog.h"
#include "module/key_state.h"
#include "module/own_writes.h"
#include "module/stream_entries.h"

namespace regear {

namespace {

constexpr std::string_view kEvent = "dirty";
constexpr std::string_view kGone = "state gone before it was read";

bool Holds(const KeyState& state, std::string_view field) {
  return std::any_of(state.fields.begin(), state.fields.end(),
                     [&](const FieldAndValue& pair) {
                       return View(pair.field.get()) == field;
                     });
}

ChangeEntry MakeEntry(rm::String* key, ChangeOp op, const KeyState& state,
                      const DirtyKey& dirty, const std::string* ack) {
  ChangeEntry entry(key, kEvent, op, false,
                    ack == nullptr ? nullptr : MakeString(*ack));
  if (op == ChangeOp::kDelete) return entry;
  for (const std::string& field : dirty.cleared) {
    if (Holds(state, field)) continue;
    const StringPtr name = MakeString(field);
    entry.AddCleared(name.get());
  }
  for (const FieldAndValue& pair : state.fields) {
    entry.AddField(pair.field.get(), Share(pair.value.get()));
  }
  return entry;
}

KeyState ReadState(rm::Ctx* ctx, const CaptureRule& rule,
                   const std::string& key) {
  const StringPtr name = MakeString(key);
  const DatabaseScope database(ctx, rule.db());
  return ReadKey(ctx, name.get(), rule);
}

}  // namespace

bool Backlog::Refill(rm::Ctx* ctx, ChangeStream* stream, size_t max) {
  const std::shared_ptr<CaptureRule> rule = stream->rule.lock();
  if (rule == nullptr) return true;  // until it is registered again
  const OwnWrites own;
  const DatabaseScope database(ctx, 0);
  std::vector<std::string> done;
  bool fails = false;
  for (const auto& [key, dirty] : stream->dirty.Some(ctx, max)) {
    if (stream->full() || done.size() >= max) break;
    const KeyState state = ReadState(ctx, *rule, key);
    fails = !AppendState(ctx, stream, rule.get(), key, state, dirty);
    if (fails) break;
    done.push_back(key);
  }
  stream->dirty.Erase(ctx, done);
  stream->fails = fails;
  if (!fails) stream->failure.clear();
  return !fails;
}

long long Backlog::PurgeDirty(rm::Ctx* ctx, std::string_view name) {
  const auto it = streams_.find(name);
  if (it == streams_.end()) return 0;
  ChangeStream* stream = it->second.get();
  const long long purged = stream->dirty.Clear(ctx);
  LookAfter(stream);
  return purged;
}

bool Backlog::AppendState(rm::Ctx* ctx, ChangeStream* stream, CaptureRule* rule,
                          const std::string& key, const KeyState& state,
                          const DirtyKey& dirty) {
  const StringPtr name = MakeString(key);
  if (state.kind == KeyKind::kMissing && dirty.op != ChangeOp::kDelete) {
    AddLetterOfGone(ctx, stream, key);
    return true;
  }
  const ChangeOp op =
      state.kind == KeyKind::kCaptured ? ChangeOp::kReplace : ChangeOp::kDelete;
  rule->last_unit = 0;
  if (dirty.acks.empty()) {
    ChangeEntry entry = MakeEntry(name.get(), op, state, dirty, nullptr);
    return AppendNow(ctx, stream, &entry);
  }
  // An entry has room for one ack.
  return std::all_of(
      dirty.acks.begin(), dirty.acks.end(), [&](const std::string& ack) {
        ChangeEntry entry = MakeEntry(name.get(), op, state, dirty, &ack);
        return AppendNow(ctx, stream, &entry);
      });
}

void Backlog::BeforeRemoval(rm::Ctx* ctx, rm::Key* key) {
  const rm::String* name = rm::GetKeyNameFromModuleKey(key);
  removed_.clear();  // of a removal that nobody was told of
  for (const auto& [text, stream] : streams_) {
    if (stream->dirty.size() == 0) continue;
    const std::shared_ptr<CaptureRule> rule = stream->rule.lock();
    if (rule == nullptr || !rule->MatchesPrefix(View(name)) ||
        rule->db() != rm::GetSelectedDb(ctx)) {
      continue;
    }
    const std::string key_text(View(name));
    const StringPtr own_name = MakeString(key_text);
    std::optional<DirtyKey> dirty = stream->dirty.Find(ctx, own_name.get());
    if (!dirty) continue;
    removed_.push_back(
        {stream, rule, key_text, ReadOpenKey(key, *rule), *std::move(dirty)});
  }
}

void Backlog::AfterRemoval(rm::Ctx* ctx, rm::String* key) {
  const OwnWrites own;
  const DatabaseScope database(ctx, 0);
  for (const LastState& last : std::exchange(removed_, {})) {
    if (last.key != View(key)) continue;
    if (!AppendState(ctx, last.stream.get(), last.rule.get(), last.key,
                     last.state, last.dirty)) {
      continue;  // it stays dirty, and becomes a dead letter
    }
    last.stream->dirty.Erase(ctx, {last.key});
    LookAfter(last.stream.get());
  }
}

void Backlog::AddLetterOfGone(rm::Ctx* ctx, ChangeStream* stream,
                              const std::string& key) {
  const StreamEntry letter =
      MakeDeadLetter(key, kEvent, "=", Text(stream->last), kGone);
  if (AppendEntry(ctx, View(stream->dead.name()), letter).empty()) {
    Lose(ctx, stream, 1, std::string(kGone) + ": " + key);
  }
  stream->dead.Recount(ctx);
}

}  // namespace regear

#include "module/capture.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "module/guard.h"

namespace regear {

namespace {

// The fields that this event removed, of those that `rule` captures. Nothing
// if that is not known.
std::optional<std::vector<StringPtr>> RemovedOf(const CaptureRule& rule,
                                                const RemovedFields& removed,
                                                std::string_view key,
                                                bool in_exec,
                                                const KeyState& state) {
  const auto named = removed.Named(key, in_exec);
  if (!named) return std::nullopt;
  const auto is_named = [&](std::string_view field) {
    return std::find(named->begin(), named->end(), field) != named->end();
  };
  std::vector<StringPtr> cleared;
  if (!rule.all_fields()) {
    for (rm::String* field : state.absent) {
      if (is_named(View(field))) cleared.push_back(Share(field));
    }
    return cleared;
  }
  for (const std::string& field : *named) {
    const bool present = std::any_of(state.fields.begin(), state.fields.end(),
                                     [&](const FieldAndValue& own) {
                                       return View(own.field.get()) == field;
                                     });
    if (!present && rule.WantsField(field)) {
      cleared.push_back(MakeString(field));
    }
  }
  return cleared;
}

}  // namespace

bool Capture::MatchesAnyDb(std::string_view key) const {
  return std::any_of(rules_.begin(), rules_.end(), [&](const auto& rule) {
    return rule->MatchesPrefix(key);
  });
}

void Capture::OnKeyEvent(rm::Ctx* ctx, int notify_class, std::string_view event,
                         rm::String* key) {
  if (rules_.empty() || acting_ || !server_.captures()) return;
  const std::string_view name = View(key);
  int db = -1;
  ++events_;
  for (const std::shared_ptr<CaptureRule>& rule : rules_) {
    if (!rule->MatchesPrefix(name)) continue;
    if (db < 0) db = rm::GetSelectedDb(ctx);
    if (rule->db() != db) continue;
    EventKind kind = ClassifyEvent(notify_class, event);
    if (kind == EventKind::kIgnored) continue;
    if (kind == EventKind::kCacheEvent) {
      if (!rule->DeletesOn(event)) continue;
      kind = EventKind::kValueGone;
    } else if (!rule->WantsEvent(event)) {
      continue;
    }
    CaptureFor(ctx, rule, kind, event, key);
  }
}

void Capture::CaptureFor(rm::Ctx* ctx, const std::shared_ptr<CaptureRule>& rule,
                         EventKind kind, std::string_view event,
                         rm::String* key) {
  const int flags = rm::GetContextFlags(ctx);
  const bool in_exec = (flags & rm::kContextMulti) != 0;
  const uint64_t unit = units_.Current(flags);
  KeyState state;
  Operation* operation = nullptr;
  if (kind != EventKind::kValueGone) {
    state = ReadKey(ctx, key, *rule);
    if (state.operation != nullptr && kind != EventKind::kFieldsRemoved)
        [[unlikely]] {
      operation = operations_.Obey(rule, key, View(state.operation.get()),
                                   events_, unit);
      FinishUnitLater(ctx);
      if (operation != nullptr && !operation->captures()) return;
    }
  }
  ChangeOp op = ChangeOp::kMerge;
  std::vector<StringPtr> cleared;
  if (!Describe(*rule, kind, in_exec, View(key), state, &op, &cleared)) return;
  if (op == ChangeOp::kDelete && event == "del" &&
      migrated_.Caused(View(key), in_exec)) {
    return;
  }
  StringPtr ack;
  if (operation != nullptr && operation->known() && !operation->ack().empty()) {
    ack = MakeString(operation->ack());
    operation->entrusted = true;
  }
  ChangeEntry entry(key, event, op, rule->last_unit == unit, std::move(ack));
  rule->last_unit = unit;
  for (const StringPtr& field : cleared) entry.AddCleared(field.get());
  if (op != ChangeOp::kDelete) {
    for (FieldAndValue& pair : state.fields) {
      entry.AddField(pair.field.get(), std::move(pair.value));
    }
  } else if (deleted_ != nullptr) {
    deleted_->emplace(rule.get(), View(key));
  }
  Emit(ctx, rule, std::move(entry));
}

bool Capture::Describe(const CaptureRule& rule, EventKind kind, bool in_exec,
                       std::string_view key, const KeyState& state,
                       ChangeOp* op, std::vector<StringPtr>* cleared) const {
  const bool document_gone = rule.documents() && kind == EventKind::kDocument &&
                             state.kind == KeyKind::kMissing;
  if (kind == EventKind::kValueGone || state.kind == KeyKind::kOther ||
      document_gone) {
    *op = ChangeOp::kDelete;
    return true;
  }
  // The last field is gone, and with it the key: its own del event follows.
  if (state.kind == KeyKind::kMissing) return false;
  if (kind == EventKind::kValueArrived || rule.documents()) {
    *op = ChangeOp::kReplace;
    return true;
  }
  if (kind == EventKind::kFieldsRemoved) {
    auto removed = RemovedOf(rule, removed_, key, in_exec, state);
    // Unknown what was removed: what is left is the whole truth.
    if (!removed) {
      *op = ChangeOp::kReplace;
      return true;
    }
    *cleared = std::move(*removed);
    return !cleared->empty();
  }
  return !state.fields.empty();
}

KeyKind Capture::Recapture(rm::Ctx* ctx,
                           const std::shared_ptr<CaptureRule>& rule,
                           rm::String* key, std::string_view event) {
  KeyKind kind = KeyKind::kMissing;
  ChangeEntry entry = WholeState(ctx, rule.get(), key, event, &kind);
  if (kind != KeyKind::kMissing) Append(ctx, rule.get(), &entry);
  return kind;
}

// What the key is now, whatever became of it. A unit of its own: whatever
// follows begins another one.
ChangeEntry Capture::WholeState(rm::Ctx* ctx, CaptureRule* rule,
                                rm::String* key, std::string_view event,
                                KeyKind* kind) {
  KeyState state;
  {
    const DatabaseScope database(ctx, rule->db());
    state = ReadKey(ctx, key, *rule);
  }
  *kind = state.kind;
  const bool is_captured = state.kind == KeyKind::kCaptured;
  ChangeEntry entry(
      key, event, is_captured ? ChangeOp::kReplace : ChangeOp::kDelete, false);
  rule->last_unit = 0;
  for (FieldAndValue& pair : state.fields) {
    entry.AddField(pair.field.get(), std::move(pair.value));
  }
  return entry;
}

void Capture::Emit(rm::Ctx* ctx, const std::shared_ptr<CaptureRule>& rule,
                   ChangeEntry entry) {
  if (rm::AddPostNotificationJob == nullptr) {
    if (unfinished_) [[unlikely]]
      Prepare(ctx);
    if (!swept_.empty()) [[unlikely]]
      EmitSwept(ctx);
    Append(ctx, rule.get(), &entry);
    return;
  }
  if (!swept_.empty()) [[unlikely]]
    EmitSwept(ctx);
  unit_.push_back({rule, std::move(entry)});
  FinishUnitLater(ctx);
}

void Capture::FinishUnitLater(rm::Ctx* ctx) {
  if (std::exchange(unfinished_, true)) return;
  const auto finish = [](rm::Ctx* job_ctx, void* self) {
    Guarded(job_ctx, "finishing a unit",
            [&] { static_cast<Capture*>(self)->FinishUnit(job_ctx); });
  };
  if (rm::AddPostNotificationJob == nullptr) {
    rm::CreateTimer(ctx, 0, finish, this);
  } else if (rm::AddPostNotificationJob(ctx, finish, this, nullptr) !=
             rm::kOk) {
    FinishUnit(ctx);
  }
}

void Capture::FinishUnit(rm::Ctx* ctx) {
  if (!unfinished_) return;  // a command came before the timer
  Prepare(ctx);
  unfinished_ = false;
  units_.EndUnit();
  std::vector<Pending> unit = std::exchange(unit_, {});
  for (Pending& pending : unit) {
    Append(ctx, pending.rule.get(), &pending.entry);
  }
  for (const auto& [rule, key] : std::exchange(swept_, {})) {
    KeyKind kind = KeyKind::kMissing;
    ChangeEntry entry = WholeState(ctx, rule.get(), key.get(), "flush", &kind);
    Append(ctx, rule.get(), &entry);
  }
  if (operations_.empty()) [[likely]]
    return;
  for (const auto& operation : operations_.Take()) Act(ctx, *operation);
}

void Capture::Prepare(rm::Ctx* ctx) {
  if (prepare_) prepare_(ctx);
}

void Capture::Append(rm::Ctx* ctx, CaptureRule* rule, ChangeEntry* entry) {
  if (backlog_.Append(ctx, rule, entry)) {
    ++captured_;
    ++rule->captured;
  } else {
    ++failed_;
  }
}

}  // namespace regear

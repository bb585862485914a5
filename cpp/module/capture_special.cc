// The parts of Capture that few commands need: flushes, swapped databases,
// deletes of keys that are gone, the operations of the field '#'.
#include <algorithm>
#include <string>
#include <utility>

#include "module/capture.h"
#include "module/key_state.h"
#include "module/key_sweep.h"

namespace regear {

namespace {

bool Exists(rm::Ctx* ctx, int db, rm::String* key) {
  const DatabaseScope database(ctx, db);
  return KeyExists(ctx, key);
}

}  // namespace

void Capture::OnFlushStart(rm::Ctx* ctx, int db) {
  sweep_.clear();
  for (const auto& rule : rules_) {
    if (!rule->deletes_on_flush() || (db >= 0 && db != rule->db())) continue;
    ForEachHashOrDocument(ctx, rule->db(), [&](rm::String* key) {
      if (rule->MatchesPrefix(View(key))) sweep_.emplace_back(rule, Share(key));
    });
  }
}

// What is written here would be replicated before the flush itself.
void Capture::OnFlushEnd(rm::Ctx* ctx) {
  if (sweep_.empty()) return;
  std::move(sweep_.begin(), sweep_.end(), std::back_inserter(swept_));
  sweep_.clear();
  FinishUnitLater(ctx);
}

void Capture::OnSwapDb(rm::Ctx* ctx, int first, int second) {
  for (const auto& rule : rules_) {
    const int db = rule->db();
    if (!rule->deletes_on_flush() || (db != first && db != second)) continue;
    const auto came = [&](rm::String* key) {
      if (rule->MatchesPrefix(View(key))) swept_.emplace_back(rule, Share(key));
    };
    const auto went = [&](rm::String* key) {
      if (!rule->MatchesPrefix(View(key)) || Exists(ctx, db, key)) return;
      swept_.emplace_back(rule, Share(key));
    };
    ForEachHashOrDocument(ctx, db == first ? second : first, went);
    ForEachHashOrDocument(ctx, db, came);
  }
  if (!swept_.empty()) FinishUnitLater(ctx);
}

void Capture::EmitSwept(rm::Ctx* ctx) {
  for (const auto& [rule, key] : std::exchange(swept_, {})) {
    KeyKind kind = KeyKind::kMissing;
    Emit(ctx, rule, WholeState(ctx, rule.get(), key.get(), "flush", &kind));
  }
}

bool Capture::WantsMissing(std::string_view key,
                           const std::function<bool(int db)>& missing) const {
  return std::any_of(rules_.begin(), rules_.end(), [&](const auto& rule) {
    return rule->deletes_missing() && rule->MatchesPrefix(key) &&
           missing(rule->db());
  });
}

void Capture::AroundDelete(rm::Ctx* ctx, rm::String** keys, size_t count,
                           const std::function<bool()>& run) {
  std::set<std::pair<const CaptureRule*, std::string>> deleted;
  deleted_ = &deleted;
  const bool done = run();
  deleted_ = nullptr;
  if (!done || !server_.captures()) return;
  const int db = rm::GetSelectedDb(ctx);
  const uint64_t unit = units_.Current(rm::GetContextFlags(ctx));
  for (size_t i = 0; i < count; ++i) {
    const std::string name(View(keys[i]));
    for (const auto& rule : rules_) {
      if (!rule->deletes_missing() || rule->db() != db ||
          !rule->MatchesPrefix(name) ||
          !deleted.emplace(rule.get(), name).second) {
        continue;
      }
      ChangeEntry entry(keys[i], "del", ChangeOp::kDelete,
                        rule->last_unit == unit);
      rule->last_unit = unit;
      Emit(ctx, rule, std::move(entry));
    }
  }
}

void Capture::Act(rm::Ctx* ctx, const Operation& operation) {
  acting_ = true;
  Consume(ctx, operation);
  acting_ = false;
  for (const auto& rule : operation.rules) {
    if (operation.sign() == '~') {
      ChangeEntry entry(
          operation.key.get(), "del", ChangeOp::kDelete,
          rule->last_unit == operation.unit,
          operation.ack().empty() ? nullptr : MakeString(operation.ack()));
      rule->last_unit = operation.unit;
      Append(ctx, rule.get(), &entry);
    } else if (!operation.known()) {
      rule->last_error = "the field # of " +
                         std::string(View(operation.key.get())) +
                         " asks for an unknown operation: " + operation.value;
      rm::Log(ctx, "warning", "%s", rule->last_error.c_str());
    }
  }
}

}  // namespace regear

#include "module/backlog.h"

#include <algorithm>

#include "module/guard.h"
#include "module/own_writes.h"
#include "module/text.h"

namespace regear {

namespace {

constexpr long long kRetryMs = 250;

}  // namespace

bool ChangeStream::Refills() {
  if (full()) {
    refills = false;
  } else if (changes.size() <= limit / 2) {
    refills = true;
  }
  return refills;
}

void Backlog::SetUses(rm::Ctx* ctx, const std::vector<Use>& uses,
                      const Epochs& epochs) {
  std::map<std::string, StreamPtr, std::less<>> used;
  own_.clear();
  for (const Use& use : uses) {
    StreamPtr& stream = used[use.names.stream];
    if (stream == nullptr) stream = Open(ctx, use.names, epochs);
    for (KeptKey* key : stream->keys()) own_[key->text()] = {stream, key};
    if (use.rule == nullptr) continue;
    stream->rule = use.rule;
    stream->limit = use.limit;
    use.rule->backlog = stream;
    LookAfter(stream.get());
    if (stream->needs_care) WorkLater(ctx, 0);
  }
  streams_ = std::move(used);
}

Backlog::StreamPtr Backlog::Open(rm::Ctx* ctx, const StreamNames& names,
                                 const Epochs& epochs) {
  const auto known = streams_.find(names.stream);
  if (known != streams_.end()) return known->second;
  const DatabaseScope database(ctx, 0);
  auto stream = std::make_shared<ChangeStream>(names);
  for (KeptKey* key : stream->keys()) key->Recount(ctx);
  stream->last = std::max(LastGeneratedId(ctx, names.stream),
                          epochs.HighestOf(names.stream));
  return stream;
}

void Backlog::Forget() {
  streams_.clear();
  own_.clear();
  saved_.clear();
}

const ChangeStream* Backlog::Find(std::string_view stream) const {
  const auto it = streams_.find(stream);
  return it == streams_.end() ? nullptr : it->second.get();
}

bool Backlog::AppendNow(rm::Ctx* ctx, ChangeStream* stream,
                        ChangeEntry* entry) {
  if (!entry->AppendTo(ctx, stream->changes.name(), server_, &stream->last)) {
    return false;
  }
  stream->changes.Add(1);
  if (stream->full()) stream->needs_care = true;
  return true;
}

bool Backlog::AppendWithCare(rm::Ctx* ctx, CaptureRule* rule,
                             ChangeEntry* entry) {
  ChangeStream* stream = rule->backlog.get();
  PutBack(ctx);
  LookAfter(stream);
  if (!stream->needs_care) {
    return AppendNow(ctx, stream, entry) || OnFailure(ctx, rule, entry);
  }
  // All of them, until none is dirty: else changes of a key change places.
  return MarkDirty(ctx, rule, *entry);
}

bool Backlog::OnFailure(rm::Ctx* ctx, CaptureRule* rule, ChangeEntry* entry) {
  ChangeStream* stream = rule->backlog.get();
  stream->fails = true;
  stream->failure = "changes cannot be appended: the key " +
                    stream->changes.text() +
                    " does not hold a stream; rename or delete it";
  rm::Log(ctx, "warning", "%s", stream->failure.c_str());
  return MarkDirty(ctx, rule, *entry);
}

bool Backlog::MarkDirty(rm::Ctx* ctx, CaptureRule* rule,
                        const ChangeEntry& entry) {
  ChangeStream* stream = rule->backlog.get();
  rule->last_unit = 0;  // the next entry does not follow this one
  const bool marked = stream->dirty.Mark(ctx, entry);
  if (!marked) Lose(ctx, stream, 1, "too many keys wait to be appended");
  LookAfter(stream);
  WorkLater(ctx, stream->fails ? kRetryMs : 0);
  return marked;
}

void Backlog::LookAfter(ChangeStream* stream) {
  const bool flushed = std::any_of(
      saved_.begin(), saved_.end(),
      [&](const Saved& saved) { return saved.stream.get() == stream; });
  stream->needs_care =
      flushed || stream->fails || stream->full() || stream->dirty.size() > 0;
}

void Backlog::Trim(rm::Ctx* ctx, rm::String* name, StreamId last) {
  const StreamId first_kept = last.Next();
  const DatabaseScope database(ctx, 0);
  PutBack(ctx);
  long long trimmed = 0;
  {
    const KeyPtr key(rm::OpenKey(ctx, name, rm::kOpenRead | rm::kOpenWrite));
    if (key == nullptr || rm::KeyType(key.get()) != rm::kKeyStream) return;
    rm::StreamId limit = first_kept.raw();
    trimmed = rm::StreamTrimByID(key.get(), 0, &limit);
  }
  if (trimmed <= 0) return;
  if (server_.replicates()) {
    const std::string threshold = Text(first_kept);
    rm::Replicate(ctx, "XTRIM", "scb", name, "MINID", threshold.data(),
                  threshold.size());
  }
  const auto it = streams_.find(View(name));
  if (it == streams_.end()) return;
  it->second->changes.Add(-trimmed);
  if (it->second->needs_care) WorkLater(ctx, 0);
}

void Backlog::OnKeyEvent(rm::Ctx* ctx, std::string_view event,
                         std::string_view name) {
  const auto it = own_.find(std::string(name));
  if (it == own_.end()) return;
  ChangeStream* stream = it->second.stream.get();
  const long long missing = it->second.key->Recount(ctx);
  if (missing > 0 && !OwnWrites::Running() && server_.captures()) {
    Lose(ctx, stream, missing,
         UpperCase(event) + " of " + std::string(name) + " by others");
  }
  LookAfter(stream);
  if (stream->needs_care) WorkLater(ctx, 0);
}

void Backlog::Lose(rm::Ctx* ctx, ChangeStream* stream, long long count,
                   const std::string& how) {
  stream->lost += static_cast<uint64_t>(count);
  lost_ += static_cast<uint64_t>(count);
  stream->loss = std::to_string(count) + " changes were lost: " + how;
  rm::Log(ctx, "warning", "%s: %s", stream->changes.text().c_str(),
          stream->loss.c_str());
}

void Backlog::WorkLater(rm::Ctx* ctx, long long ms) {
  if (std::exchange(work_is_due_, true)) return;
  const auto work = [](rm::Ctx* timer_ctx, void* self) {
    auto* backlog = static_cast<Backlog*>(self);
    backlog->work_is_due_ = false;
    Guarded(timer_ctx, "looking after the backlog",
            [&] { backlog->Work(timer_ctx); });
  };
  rm::CreateTimer(ctx, ms, work, this);
}

void Backlog::Work(rm::Ctx* ctx) {
  // At once many: clients are served in between.
  constexpr size_t kMaxAtOnce = 256;
  if (!server_.captures()) return;
  PutBack(ctx);
  bool fails = false;
  bool goes_on = false;
  for (const auto& [name, stream] : streams_) {
    if (!stream->needs_care) continue;
    if (stream->Refills() && !Refill(ctx, stream.get(), kMaxAtOnce)) {
      fails = true;
    }
    LookAfter(stream.get());
    goes_on |= stream->dirty.size() > 0 && !stream->fails &&
               !stream->rule.expired() && stream->Refills();
  }
  if (goes_on || fails) WorkLater(ctx, goes_on ? 1 : kRetryMs);
}

}  // namespace regear

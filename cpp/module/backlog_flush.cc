// The backlog survives FLUSHALL and FLUSHDB: it is copied before, in the
// server's own serialised form, which keeps ids and costs about as much as
// copying memory, and put back afterwards. That is one command for a replica
// and the AOF, which they get behind the flush.
#include <algorithm>

#include "module/backlog.h"
#include "module/own_writes.h"

namespace regear {

void Backlog::OnFlushStart(rm::Ctx* ctx, int db) {
  if (!server_.captures()) return;
  for (const auto& [name, stream] : streams_) {
    // Their state is here for the last time, whatever room there is.
    const std::shared_ptr<CaptureRule> rule = stream->rule.lock();
    const bool goes = rule != nullptr && (db < 0 || rule->db() == db);
    const long long limit =
        std::exchange(stream->limit, ChangeStream::kNoLimit);
    constexpr size_t kMaxAtOnce = 1000;
    while (goes && stream->dirty.size() > 0) {
      if (!Refill(ctx, stream.get(), kMaxAtOnce)) break;
    }
    stream->limit = limit;
    LookAfter(stream.get());
    if (db > 0) continue;  // the streams are in database 0
    for (KeptKey* key : stream->keys()) Save(ctx, stream, key);
    LookAfter(stream.get());
  }
  if (!saved_.empty()) WorkLater(ctx, 0);
}

void Backlog::Save(rm::Ctx* ctx, const StreamPtr& stream, KeptKey* key) {
  const DatabaseScope database(ctx, 0);
  {
    const KeyPtr open(
        rm::OpenKey(ctx, key->name(), rm::kOpenRead | rm::kOpenNoTouch));
    // Another type is not ours. A flush right before this one has saved it.
    if (open == nullptr || rm::KeyType(open.get()) != key->type()) return;
  }
  const CallReplyPtr reply(rm::Call(ctx, "DUMP", "s", key->name()));
  if (reply == nullptr || rm::CallReplyType(reply.get()) != rm::kReplyString) {
    return;
  }
  saved_.push_back({stream, key, std::string(View(reply.get()))});
}

void Backlog::PutBack(rm::Ctx* ctx) {
  if (saved_.empty()) return;
  const OwnWrites own;
  const DatabaseScope database(ctx, 0);
  for (const Saved& saved : std::exchange(saved_, {})) {
    const CallReplyPtr reply(rm::Call(ctx, "RESTORE", "!scbc",
                                      saved.key->name(), "0", saved.dump.data(),
                                      saved.dump.size(), "REPLACE"));
    const long long missing = saved.key->Recount(ctx);
    if (missing > 0) {
      Lose(ctx, saved.stream.get(), missing,
           "a flush, and " + saved.key->text() + " could not be put back: " +
               std::string(reply == nullptr ? "" : View(reply.get())));
    }
    LookAfter(saved.stream.get());
  }
}

}  // namespace regear

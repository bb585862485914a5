// How a host takes writes: the reading half of write_through.h.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "module/command_arguments.h"
#include "module/guard.h"
#include "module/module_state.h"
#include "module/through_reply.h"
#include "module/write_through.h"

namespace regear {

namespace {

size_t CountParts(const std::vector<ThroughJobPtr>& jobs) {
  size_t parts = 0;
  for (const ThroughJobPtr& job : jobs) parts += job->parts.size();
  return parts;
}

// So that a group of large values is neither a large reply nor a large
// transaction. A single write may exceed it.
constexpr size_t kMaxGroupBytes = 4 * 1024 * 1024;

// At least so many groups are on their way: while one is being committed, the
// server answers the clients of another and takes what they write next.
constexpr size_t kGroups = 3;

// The server's timers know no less.
constexpr long long kGatherMs = 1;

size_t BytesOf(const ThroughJob& job) {
  size_t bytes = 0;
  for (const ThroughPart& part : job.parts) {
    for (const auto& pair : part.write.set) {
      bytes += View(pair.field.get()).size() + View(pair.value.get()).size();
    }
  }
  return bytes;
}

}  // namespace

StreamId WriteThrough::NextId() {
  const StreamId now{static_cast<uint64_t>(rm::Milliseconds()), 0};
  last_ = std::max(now, last_.Next());
  return last_;
}

size_t WriteThrough::CountHanded(const Line& line) {
  size_t handed = 0;
  for (const auto& [number, lane] : line.lanes) handed += lane.handed.size();
  return handed;
}

// While others are being committed, a handful of writes waits for as many as a
// lane's share: one of those others ends soon, and a large group costs hardly
// more than a small one.
bool WriteThrough::IsBetterLater(const std::string& name, const Line& line) {
  const size_t handed = CountHanded(line);
  const size_t ready = queue_.CountReady(name);
  return handed > 0 && ready < (handed + ready) / line.lanes.size();
}

size_t WriteThrough::MaxJobs(const std::string& name, const Line& line) const {
  const size_t groups = std::min(kGroups, line.lanes.size());
  return (CountHanded(line) + queue_.CountReady(name) + groups - 1) / groups;
}

void WriteThrough::Gather(const std::string& name, Line* line) {
  if (line->gathering) return;
  line->gathering = true;
  const auto enough = [](rm::Ctx* ctx, void* data) {
    const std::unique_ptr<std::string> own(static_cast<std::string*>(data));
    Guarded(ctx, "waking a lane", [&] {
      WriteThrough& through = State().through;
      through.LineOf(*own).gathering = false;
      if (through.queue_.HasReady(*own)) through.WakeNow(*own);
    });
  };
  rm::CreateTimer(State().context.get(), kGatherMs, enough,
                  new std::string(name));
}

void WriteThrough::WakeReader(const std::string& name) {
  Line& line = LineOf(name);
  if (IsBetterLater(name, line)) return Gather(name, &line);
  WakeNow(name);
}

// One reader at a time: what is ready in one turn of the server's event loop
// goes to one lane.
void WriteThrough::WakeNow(const std::string& name) {
  Line& line = LineOf(name);
  if (line.waking != nullptr) return;
  for (auto& [number, lane] : line.lanes) {
    if (lane.reader == nullptr) continue;
    line.waking = Unblock(&lane);
    return;
  }
}

rm::BlockedClient* WriteThrough::Unblock(Lane* lane) {
  lane->timer.Stop();
  rm::BlockedClient* reader = std::exchange(lane->reader, nullptr);
  if (reader != nullptr) rm::UnblockClient(reader, nullptr);
  return reader;
}

int WriteThrough::Read(rm::Ctx* ctx, std::string_view name, uint64_t lane,
                       size_t count, long long block_ms, StreamId after) {
  const std::string text(name);
  Line& line = LineOf(text);
  if (line.recovered != State().link.fence()) {
    return rm::ReplyWithError(ctx, "ERR recover this registration first");
  }
  Lane& own = line.lanes[lane];
  if (own.reader != nullptr) {
    return rm::ReplyWithError(ctx, "ERR somebody else is waiting already");
  }
  const bool again = own.handed.upper_bound(after) != own.handed.end();
  if (again || block_ms == 0) return ReplyJobs(ctx, text, lane, count, after);
  own.reader = rm::BlockClient(ctx, GuardedCommand<OnReadable>, nullptr,
                               nullptr, /*timeout_ms=*/0);
  rm::SetDisconnectCallback(own.reader, OnReaderGone);
  own.timer.Start(
      block_ms, [](void* waiting) { Unblock(static_cast<Lane*>(waiting)); },
      &own);
  // What is handed over is chosen in the reply callback, so that all writes
  // of one turn of the server's event loop go together.
  if (queue_.HasReady(text)) WakeReader(text);
  return rm::kOk;
}

int WriteThrough::ReplyJobs(rm::Ctx* ctx, const std::string& name,
                            uint64_t lane, size_t count, StreamId after) {
  Lane& own = LineOf(name).lanes[lane];
  HandOver(ctx, name, &own, count);
  std::vector<ThroughJobPtr> jobs;
  for (auto it = own.handed.upper_bound(after); it != own.handed.end(); ++it) {
    jobs.push_back(it->second);
  }
  if (jobs.empty()) return rm::ReplyWithNull(ctx);
  rm::ReplyWithArray(ctx, 1);
  rm::ReplyWithArray(ctx, 2);
  Reply(ctx, name);
  rm::ReplyWithArray(ctx, static_cast<long>(CountParts(jobs)));
  for (const ThroughJobPtr& job : jobs) ReplyEntries(ctx, *job);
  return rm::kOk;
}

void WriteThrough::HandOver(rm::Ctx* ctx, const std::string& name, Lane* lane,
                            size_t count) {
  size_t jobs = MaxJobs(name, LineOf(name));
  size_t bytes = 0;
  for (size_t parts = 0; jobs > 0 && parts < count && bytes < kMaxGroupBytes;) {
    const ThroughJobPtr job = queue_.Take(name);
    if (job == nullptr) return;
    if (!ForeseeJob(ctx, job.get())) {
      RunLater(ctx, job);
      continue;
    }
    for (ThroughPart& part : job->parts) part.id = NextId();
    lane->handed[job->last_id()] = job;
    --jobs;
    parts += job->parts.size();
    bytes += BytesOf(*job);
  }
}

int WriteThrough::OnReadable(rm::Ctx* ctx, rm::String** argv, int argc) {
  // RG.HOST THROUGH|SETTLE fence name lane count block-ms after …
  const CommandArguments arguments(argv + 2, argc - 2);
  WriteThrough& through = State().through;
  const std::string name(arguments.Text(1));
  rm::BlockedClient*& waking = through.LineOf(name).waking;
  if (waking == rm::GetBlockedClientHandle(ctx)) waking = nullptr;
  if (!State().link.IsCurrent(arguments.Number(0))) {
    if (through.queue_.HasReady(name)) through.WakeReader(name);
    return rm::ReplyWithNull(ctx);
  }
  const int done =
      through.ReplyJobs(ctx, name, arguments.Number(2), arguments.Number(3),
                        ParseStreamId(arguments.Text(5)));
  if (through.queue_.HasReady(name)) through.WakeReader(name);
  return done;
}

WriteThrough::Lane* WriteThrough::LaneOf(rm::BlockedClient* reader) {
  for (auto& [name, line] : lines_) {
    for (auto& [number, lane] : line.lanes) {
      if (lane.reader == reader) return &lane;
    }
  }
  return nullptr;
}

void WriteThrough::OnReaderGone(rm::Ctx*, rm::BlockedClient* client) {
  WriteThrough& through = State().through;
  if (Lane* lane = through.LaneOf(client)) {
    Unblock(lane);
    return;
  }
  for (auto& [name, line] : through.lines_) {
    if (line.waking != client) continue;
    line.waking = nullptr;
    if (through.queue_.HasReady(name)) through.WakeReader(name);
  }
}

}  // namespace regear

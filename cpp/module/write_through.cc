#include "module/write_through.h"

#include <algorithm>
#include <utility>

#include "module/guard.h"
#include "module/host_link.h"
#include "module/module_state.h"
#include "module/through_keys.h"
#include "module/through_reply.h"

namespace regear {

namespace {

constexpr std::string_view kNoHost =
    "NOHOST the host went away, nothing was written";
constexpr std::string_view kUnregistered =
    "WRITETHROUGH the registration was removed, nothing was written";
constexpr std::string_view kNothingHappened =
    "WRITETHROUGH the database was not asked in time, nothing was written";
constexpr std::string_view kInDoubt =
    "INDOUBT the database has not answered: the write may be in it, and is "
    "applied here once it is known";

using Stage = ThroughJob::Stage;

}  // namespace

WriteThrough::WriteThrough()
    : queue_([this](const std::string& name) { WakeReader(name); }) {}

void WriteThrough::SetRules(std::vector<ThroughRule> rules) {
  rules_ = std::move(rules);
  // What was handed over of a registration that is gone is in the hands of
  // its host; nobody takes the rest any more.
  std::vector<ThroughJobPtr> left;
  for (const auto& waiting : clients_) {
    const ThroughJobPtr& job = waiting.second;
    const bool registered = std::any_of(
        rules_.begin(), rules_.end(),
        [&](const auto& rule) { return rule.name == job->registration; });
    if (!registered && job->stage < Stage::kHanded) left.push_back(job);
  }
  for (const ThroughJobPtr& job : left) Cancel(job, kUnregistered);
}

const ThroughRule* WriteThrough::RuleOf(std::string_view key) const {
  for (const ThroughRule& rule : rules_) {
    if (MatchesThrough(rule.prefix, key)) return &rule;
  }
  return nullptr;
}

void WriteThrough::Enqueue(rm::Ctx* ctx, const ThroughRule& rule,
                           ThroughCommand command, rm::String** words,
                           int count, std::vector<int> keys) {
  const ThroughJobPtr job =
      MakeThroughJob(ctx, rule, command, words, count, std::move(keys));
  // With a callback for timeouts CLIENT UNBLOCK works.
  job->client = rm::BlockClient(ctx, nullptr, GuardedCommand<OnUnblock>,
                                nullptr, /*timeout_ms=*/0);
  rm::SetDisconnectCallback(job->client, OnClientGone);
  job->timer.Start(rule.timeout_ms, OnTimeout, job->client);
  clients_[job->client] = job;
  queue_.Add(job);
}

void WriteThrough::RunLater(rm::Ctx* ctx, const ThroughJobPtr& job) {
  rm::CreateTimer(
      ctx, 0,
      [](rm::Ctx* timer_ctx, void* data) {
        const std::unique_ptr<ThroughJobPtr> held(
            static_cast<ThroughJobPtr*>(data));
        Guarded(timer_ctx, "a write that its database need not know", [&] {
          const ThroughJobPtr& unknown = *held;
          if (unknown->stage == Stage::kDone) return;  // it was forgotten
          WriteThrough& through = State().through;
          // Others were served in between: now the database may have to know.
          if (ForeseeJob(timer_ctx, unknown.get())) {
            return through.queue_.PutBack(unknown);
          }
          const std::string& error = unknown->parts.front().write.error;
          if (error.empty()) {
            unknown->touched = false;  // it counts as it is run
            ApplyJob(timer_ctx, unknown.get(),
                     through.TakeClient(unknown.get()), /*committed=*/false);
          } else {
            AckJob(timer_ctx, *unknown, error);
            through.Answer(unknown.get(), error);
          }
          through.queue_.Finish(unknown);
        });
      },
      new ThroughJobPtr(job));
}

void WriteThrough::Commit(rm::Ctx* ctx, std::string_view name, uint64_t lane,
                          StreamId last, std::string_view token) {
  auto& handed = LineOf(name).lanes[lane].handed;
  while (!handed.empty() && handed.begin()->first <= last) {
    const ThroughJobPtr job = handed.begin()->second;
    handed.erase(handed.begin());
    Apply(ctx, job);
  }
  State().registry.NoteApplied(ctx, name, lane, token);
}

void WriteThrough::Apply(rm::Ctx* ctx, const ThroughJobPtr& job) {
  ++LineOf(job->registration).counts.committed;
  ApplyJob(ctx, job.get(), TakeClient(job.get()), /*committed=*/true);
  queue_.Finish(job);
}

void WriteThrough::Refuse(rm::Ctx* ctx, std::string_view name, uint64_t lane,
                          StreamId id, std::string_view message) {
  auto& handed = LineOf(name).lanes[lane].handed;
  const auto found = handed.find(id);
  if (found == handed.end()) return;
  const ThroughJobPtr job = found->second;
  handed.erase(found);
  ++LineOf(name).counts.refused;
  AckJob(ctx, *job, message);
  Answer(job.get(), "WRITETHROUGH " + std::string(message));
  queue_.Finish(job);
}

void WriteThrough::Recover(rm::Ctx* ctx, std::string_view name,
                           const std::vector<RecoveredLane>& lanes) {
  Registry& registry = State().registry;
  Line& line = LineOf(name);
  std::vector<const ThroughPart*> lost;
  for (const RecoveredLane& lane : lanes) {
    auto& handed = line.lanes[lane.lane].handed;
    while (!handed.empty() && handed.begin()->first <= lane.position) {
      const ThroughJobPtr job = handed.begin()->second;
      handed.erase(handed.begin());
      Apply(ctx, job);
    }
    if (lane.token.empty() ||
        registry.AppliedBy(name, lane.lane) == lane.token) {
      continue;
    }
    for (const ThroughPart& part : lane.journal) lost.push_back(&part);
  }
  std::sort(lost.begin(), lost.end(),
            [](const auto* a, const auto* b) { return a->id < b->id; });
  const DatabaseScope database(ctx, registry.Named(name).rule->db());
  for (const ThroughPart* part : lost) {
    ApplyState(ctx, part->key.get(), part->write);
  }
  for (const RecoveredLane& lane : lanes) {
    if (!lane.token.empty()) {
      registry.NoteApplied(ctx, name, lane.lane, lane.token);
    }
  }
  PutBackAll(&line);
  line.recovered = State().link.fence();
}

// In the order in which they were handed over.
void WriteThrough::PutBackAll(Line* line) {
  std::map<StreamId, ThroughJobPtr> all;
  for (auto& [number, lane] : line->lanes) all.merge(lane.handed);
  std::for_each(all.rbegin(), all.rend(),
                [&](const auto& entry) { queue_.PutBack(entry.second); });
  for (auto& [number, lane] : line->lanes) lane.handed.clear();
}

rm::BlockedClient* WriteThrough::TakeClient(ThroughJob* job) {
  rm::BlockedClient* client = std::exchange(job->client, nullptr);
  job->timer.Stop();
  if (client != nullptr) clients_.erase(client);
  return client;
}

void WriteThrough::Answer(ThroughJob* job, std::string_view error) {
  if (rm::BlockedClient* client = TakeClient(job)) AnswerError(client, error);
}

void WriteThrough::Cancel(const ThroughJobPtr& job, std::string_view why) {
  Answer(job.get(), why);
  queue_.Cancel(job);
}

void WriteThrough::OnHostLost() {
  for (auto& [name, line] : lines_) {
    line.waking = nullptr;
    for (auto& [number, lane] : line.lanes) {
      Unblock(&lane);
    }
  }
  std::vector<ThroughJobPtr> jobs;
  for (const auto& [client, job] : clients_) jobs.push_back(job);
  for (const ThroughJobPtr& job : jobs) {
    if (job->stage < Stage::kHanded) {
      Cancel(job, kNoHost);
    } else {
      ++LineOf(job->registration).counts.in_doubt;
      Answer(job.get(), kInDoubt);
    }
  }
}

void WriteThrough::Forget() {
  OnHostLost();
  for (auto& [name, line] : lines_) line.lanes.clear();
  queue_.Clear();
}

ThroughCounts WriteThrough::CountsOf(std::string_view name) const {
  const auto line = lines_.find(name);
  if (line == lines_.end()) return {};
  ThroughCounts counts = line->second.counts;
  counts.in_flight = CountHanded(line->second);
  for (const auto& [client, job] : clients_) {
    if (job->registration == name && job->stage < Stage::kHanded) {
      ++counts.waiting;
    }
  }
  return counts;
}

const char* WriteThrough::TimeOut(const ThroughJobPtr& job) {
  ThroughCounts& counts = LineOf(job->registration).counts;
  if (job->stage == Stage::kHanded) {
    ++counts.in_doubt;
    return kInDoubt.data();
  }
  ++counts.timed_out;
  queue_.Cancel(job);
  return kNothingHappened.data();
}

void WriteThrough::OnTimeout(void* client) {
  WriteThrough& through = State().through;
  const auto found =
      through.clients_.find(static_cast<rm::BlockedClient*>(client));
  if (found == through.clients_.end()) return;
  const ThroughJobPtr job = found->second;
  const char* error = through.TimeOut(job);
  through.Answer(job.get(), error);
}

// CLIENT UNBLOCK.
int WriteThrough::OnUnblock(rm::Ctx* ctx, rm::String**, int) {
  WriteThrough& through = State().through;
  const auto found = through.clients_.find(rm::GetBlockedClientHandle(ctx));
  if (found == through.clients_.end()) {
    return rm::ReplyWithError(ctx, kInDoubt.data());
  }
  const ThroughJobPtr job = found->second;
  // By that alone it is freed.
  rm::UnblockClient(through.TakeClient(job.get()), nullptr);
  return rm::ReplyWithError(ctx, through.TimeOut(job));
}

void WriteThrough::OnClientGone(rm::Ctx*, rm::BlockedClient* client) {
  WriteThrough& through = State().through;
  const auto found = through.clients_.find(client);
  if (found == through.clients_.end()) return;  // it was unblocked already
  const ThroughJobPtr job = found->second;
  rm::UnblockClient(through.TakeClient(job.get()), nullptr);
}

}  // namespace regear

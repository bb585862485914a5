#include "module/host_link.h"

#include "module/resp_reply.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "module/guard.h"
#include "module/module_state.h"

namespace regear {

namespace {

constexpr std::chrono::milliseconds kWatchInterval{250};
constexpr std::string_view kRegistryJob = "REGISTRY";

// RESP errors are one line.
std::string OneLine(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::replace(line.begin(), line.end(), '\r', ' ');
  return line;
}

template <typename Reply>
void Answer(rm::BlockedClient* client, Reply reply) {
  rm::Ctx* ctx = rm::GetThreadSafeContext(client);
  reply(ctx);
  rm::FreeThreadSafeContext(ctx);
  rm::UnblockClient(client, nullptr);
}

}  // namespace

void AnswerOk(rm::BlockedClient* client, std::string_view text) {
  const std::string line = OneLine(text);
  Answer(client,
         [&](rm::Ctx* ctx) { rm::ReplyWithSimpleString(ctx, line.c_str()); });
}

void AnswerError(rm::BlockedClient* client, std::string_view text) {
  const std::string line = OneLine(text);
  Answer(client, [&](rm::Ctx* ctx) { rm::ReplyWithError(ctx, line.c_str()); });
}

void AnswerResp(rm::BlockedClient* client, std::string_view resp) {
  if (!IsWholeResp(resp)) {
    return AnswerError(client, "ERR the host sent a reply that is none");
  }
  Answer(client, [&](rm::Ctx* ctx) { SendResp(ctx, resp); });
}

std::chrono::milliseconds HostLink::SinceRenewal() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      Clock::now() - (deadline_ - lease_));
}

void HostLink::Take(rm::Ctx* ctx, std::string_view host_id, uint64_t fence) {
  // Without one before there is nobody to fail, but jobs that wait for this
  // one.
  if (!host_id_.empty()) Release("another host took over");
  host_id_ = host_id;
  fence_ = fence;
  Renew();
  if (!watched_) Watch(ctx);
}

void HostLink::Watch(rm::Ctx* ctx) {
  if (!host_id_.empty() && !held()) Release("the host stopped answering");
  watched_ = !host_id_.empty();
  if (!watched_) return;
  const auto again = [](rm::Ctx* timer_ctx, void* self) {
    Guarded(timer_ctx, "watching the lease",
            [&] { static_cast<HostLink*>(self)->Watch(timer_ctx); });
  };
  rm::CreateTimer(ctx, kWatchInterval.count(), again, this);
}

void HostLink::Release(std::string_view reason) {
  const bool was_held = !host_id_.empty();
  host_id_.clear();
  connections_.clear();
  status_.clear();
  if (was_held) State().through.OnHostLost();
  UnblockNext();
  DropJobs(reason);
}

void HostLink::DropJobs(std::string_view reason) {
  std::deque<Job> kept;
  once_.clear();
  const auto drop = [&](Job* job) {
    job->held.reset();
    if (!job->kept) return FailJob(job, reason);
    if (!job->once.empty() && !once_.insert(job->once).second) return;
    kept.push_back(std::move(*job));
  };
  for (auto& [id, job] : std::exchange(running_, {})) drop(&job);
  for (Job& job : std::exchange(waiting_, {})) drop(&job);
  waiting_ = std::move(kept);
}

void HostLink::DropKept() {
  waiting_.clear();
  once_.clear();
}

void HostLink::FailJob(Job* job, std::string_view reason) {
  if (job->client == nullptr) return;
  --clients_;
  AnswerError(job->client,
              "NOHOST " + std::string(reason) +
                  " before this was finished; a script registered nothing");
}

void HostLink::ExpectNone(std::string absence) {
  expected_ = false;
  absence_ = std::move(absence);
  if (!held()) Release(absence_);
}

void HostLink::OnDisconnect(uint64_t connection) {
  if (connections_.erase(connection) > 0 && connections_.empty()) {
    Release("the host went away");
  }
}

void HostLink::Enqueue(std::string kind, std::vector<StringPtr> arguments,
                       rm::BlockedClient* client) {
  Job job;
  job.kind = std::move(kind);
  job.arguments = std::move(arguments);
  job.client = client;
  Enqueue(std::move(job));
}

bool HostLink::Enqueue(Job job) {
  if (job.kept && waiting_.size() + running_.size() >= kMaxKept + clients_) {
    return false;
  }
  if (!job.once.empty() && !once_.insert(job.once).second) return true;
  if (job.client != nullptr) ++clients_;
  job.id = next_job_id_++;
  waiting_.push_back(std::move(job));
  WakeHost();
  return true;
}

void HostLink::AnnounceRegistry() {
  if (!held()) return;
  Job job;
  job.kind = job.once = kRegistryJob;
  Enqueue(std::move(job));
}

void HostLink::WakeHost() {
  if (!waiting_.empty()) UnblockNext();
}

void HostLink::UnblockNext() {
  if (next_ == nullptr) return;
  next_timer_.Stop();
  rm::UnblockClient(std::exchange(next_, nullptr), nullptr);
}

int HostLink::Next(rm::Ctx* ctx, size_t max, long long timeout_ms) {
  next_max_ = max;
  if (!waiting_.empty()) return ReplyJobs(ctx);
  if (next_ != nullptr) {
    return rm::ReplyWithError(ctx, "ERR another NEXT is waiting already");
  }
  // The batch is formed in the reply callback, so that all jobs of one turn
  // of the server's event loop go together.
  next_ = rm::BlockClient(ctx, GuardedCommand<OnNextReady>, nullptr, nullptr,
                          /*timeout_ms=*/0);
  rm::SetDisconnectCallback(next_, OnNextDisconnected);
  next_timer_.Start(
      std::max(timeout_ms, 1LL),
      [](void* self) { static_cast<HostLink*>(self)->UnblockNext(); }, this);
  return rm::kOk;
}

int HostLink::ReplyJobs(rm::Ctx* ctx) {
  const size_t count = std::min(next_max_, waiting_.size());
  rm::ReplyWithArray(ctx, static_cast<long>(count));
  for (size_t i = 0; i < count; ++i) {
    Job job = std::move(waiting_.front());
    waiting_.pop_front();
    if (!job.once.empty()) once_.erase(job.once);
    rm::ReplyWithArray(ctx, static_cast<long>(job.arguments.size()) + 2);
    rm::ReplyWithLongLong(ctx, static_cast<long long>(job.id));
    rm::ReplyWithStringBuffer(ctx, job.kind.data(), job.kind.size());
    for (const StringPtr& argument : job.arguments) {
      rm::ReplyWithString(ctx, argument.get());
    }
    if (job.client != nullptr || job.kept) {
      running_.emplace(job.id, std::move(job));
    }
  }
  return rm::kOk;
}

int HostLink::OnNextReady(rm::Ctx* ctx, rm::String**, int) {
  return State().link.ReplyJobs(ctx);
}

void HostLink::OnNextDisconnected(rm::Ctx*, rm::BlockedClient* client) {
  HostLink& link = State().link;
  // Else it was unblocked already.
  if (client == link.next_) link.UnblockNext();
}

std::optional<rm::BlockedClient*> HostLink::Finish(uint64_t job_id) {
  const auto it = running_.find(job_id);
  if (it == running_.end()) return std::nullopt;
  rm::BlockedClient* client = it->second.client;
  if (client != nullptr) --clients_;
  running_.erase(it);
  return client;
}

const std::string* HostLink::StatusOf(const std::string& name) const {
  const auto it = status_.find(name);
  return it == status_.end() ? nullptr : &it->second;
}

}  // namespace regear

// The module's side of the link to a host: who holds the lease, and which
// jobs wait for it. The commands of it are in host_commands.cc; the protocol
// is described in docs/host-link.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "module/handles.h"
#include "module/held_reply.h"
#include "module/module_api.h"
#include "module/one_shot_timer.h"

namespace regear {

// One piece of work for the host. `client` is null where nobody waits.
struct Job {
  uint64_t id = 0;
  std::string kind;
  std::vector<StringPtr> arguments;
  rm::BlockedClient* client = nullptr;
  // The client that goes on when the job is over, whatever comes of it.
  std::shared_ptr<HeldReply> held;
  // The next host gets it again if this one does not say that it is done.
  bool kept = false;
  // Not empty: one of them waits at a time, the others are dropped.
  std::string once;
};

// Main thread only.
class HostLink {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kDefaultLease{3000};
  // Of clients that wait for an answer, handed over or not.
  static constexpr size_t kMaxJobs = 10'000;
  // Of those that nobody waits for.
  static constexpr size_t kMaxKept = 100'000;

  enum class Attachment { kHolder, kStandby };

  // Takes the lease for `host_id`, or joins it on one more connection. Hosts
  // that somebody has started go before the server's `own`. `raise_fence` is
  // called if the lease is newly taken.
  template <typename RaiseFence>
  Attachment Attach(rm::Ctx* ctx, std::string_view host_id, bool own,
                    uint64_t connection, RaiseFence raise_fence) {
    const bool another = host_id != host_id_;
    if (held() && another && (own || !own_)) return Attachment::kStandby;
    if (!held() || another) Take(ctx, host_id, raise_fence());
    own_ = own;
    connections_.insert(connection);
    Renew();
    return Attachment::kHolder;
  }

  // The server has started a host, or will: jobs wait for it. If not, why not
  // and what to do, for those who ask.
  void Expect() { expected_ = true; }
  void ExpectNone(std::string absence);
  // Jobs may be queued.
  bool accepts() const { return held() || expected_; }
  const std::string& absence() const { return absence_; }

  // True while a host holds the lease.
  bool held() const { return !host_id_.empty() && Clock::now() < deadline_; }
  bool IsAttached(uint64_t connection) const {
    return held() && connections_.contains(connection);
  }
  bool IsCurrent(uint64_t fence) const { return held() && fence == fence_; }
  uint64_t fence() const { return fence_; }
  std::chrono::milliseconds lease() const { return lease_; }
  std::chrono::milliseconds SinceRenewal() const;
  // Of the next Attach and Renew on.
  void SetLease(std::chrono::milliseconds lease) { lease_ = lease; }

  void Renew() { deadline_ = Clock::now() + lease_; }
  // Ends the lease: whoever waits for a job gets -NOHOST.
  void Release(std::string_view reason);
  void OnDisconnect(uint64_t connection);
  // Forgets the jobs that are kept for the next host.
  void DropKept();

  // Queues a job for the host; `client` is answered later. Ask full() first.
  void Enqueue(std::string kind, std::vector<StringPtr> arguments,
               rm::BlockedClient* client);
  // Queues a job that may be kept; false if there are too many of them.
  bool Enqueue(Job job);
  // Tells the host that the registry changed, once for any number of changes.
  void AnnounceRegistry();
  bool full() const { return clients_ >= kMaxJobs; }
  const std::string& host_id() const { return host_id_; }

  // NEXT: replies with up to `max` jobs at once, or blocks the connection.
  int Next(rm::Ctx* ctx, size_t max, long long timeout_ms);

  // Ends a job that was handed over. Its client, whom the caller answers; null
  // if nobody waits for an answer. Nothing if there is no such job.
  std::optional<rm::BlockedClient*> Finish(uint64_t job_id);

  bool HasRunning(uint64_t job_id) const { return running_.contains(job_id); }

  // What the host reported last of the registration `name`; null: nothing.
  const std::string* StatusOf(const std::string& name) const;
  void SetStatus(std::string name, std::string status) {
    status_[std::move(name)] = std::move(status);
  }

 private:
  void Take(rm::Ctx* ctx, std::string_view host_id, uint64_t fence);
  // Looks at the lease now and then, and ends it when it has run out.
  void Watch(rm::Ctx* ctx);
  void WakeHost();
  // Its reply callback sends what is there then.
  void UnblockNext();
  int ReplyJobs(rm::Ctx* ctx);
  void FailJob(Job* job, std::string_view reason);
  // Forgets the jobs of the present host, but for those that are kept.
  void DropJobs(std::string_view reason);
  static int OnNextReady(rm::Ctx* ctx, rm::String** argv, int argc);
  static void OnNextDisconnected(rm::Ctx* ctx, rm::BlockedClient* client);

  bool expected_ = false;
  std::string absence_ = "start one: regear host --redis URL";
  std::string host_id_;  // empty: no lease
  bool own_ = false;     // it is of the server's own host
  uint64_t fence_ = 0;
  std::set<uint64_t> connections_;
  std::chrono::milliseconds lease_ = kDefaultLease;
  Clock::time_point deadline_;
  bool watched_ = false;  // a timer for Watch is armed

  std::deque<Job> waiting_;
  std::map<uint64_t, Job> running_;       // handed over, by id
  std::unordered_set<std::string> once_;  // of those in waiting_
  size_t clients_ = 0;                    // of all jobs
  uint64_t next_job_id_ = 1;
  rm::BlockedClient* next_ = nullptr;  // the host's blocked NEXT
  OneShotTimer next_timer_;            // how long it waits
  size_t next_max_ = 0;
  std::map<std::string, std::string> status_;
};

// Answers a blocked client and lets it go on.
void AnswerOk(rm::BlockedClient* client, std::string_view text);
void AnswerError(rm::BlockedClient* client, std::string_view text);
// `resp`: a whole reply of RESP2; anything else is answered with an error.
void AnswerResp(rm::BlockedClient* client, std::string_view resp);

}  // namespace regear

// The host's side of the link to the module; protocol: docs/host-link.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/status.h"
#include "base/thread_annotations.h"
#include "change/event_source.h"
#include "engine/host_protocol.h"
#include "engine/lease.h"
#include "redis/connection.h"

namespace regear {

struct HostLinkOptions {
  ConnectionOptions connection;
  // Status JSON by registration name, sent to the module once a second.
  std::function<TextPairs()> statuses;
  // The lease is lost. Called once for each lease, from any thread; must not
  // wait for another call of the link.
  std::function<void()> on_lost;
};

// Three users share it: the caller, who asks for jobs, the workers, who trim,
// and a thread that renews the lease. A command connection serves them all; a
// second one waits for jobs. Either is opened anew after a failure as long as
// the lease lasts. kFenced from any method means that the lease is lost: the
// caller attaches again. Safe to use from any thread.
class HostLink {
 public:
  using Milliseconds = std::chrono::milliseconds;

  explicit HostLink(HostLinkOptions options);
  ~HostLink();  // detaches
  HostLink(const HostLink&) = delete;
  HostLink& operator=(const HostLink&) = delete;

  // Asks for the lease once; returns what it has if it holds one. `fence` is
  // the highest that was found in the targets.
  Result<Attachment> Attach(uint64_t fence);
  // The lease of the last Attach that got one; null: none so far.
  std::shared_ptr<const Lease> lease();

  // All that there are, at least one; none after `timeout`, also while the
  // server cannot be reached and the lease lasts nevertheless.
  Result<std::vector<Job>> NextJobs(Milliseconds timeout);
  Status FinishJob(uint64_t job, bool ok, std::string_view text);
  // Any number of them in one round trip. `reports` are of functions that ran:
  // registration id and JSON; they count before anybody is answered. A job
  // that nobody waits for any more is no error.
  Status SettleJobs(const TextPairs& reports,
                    const std::vector<JobAnswer>& answers);
  // Ids for functions to be registered.
  Result<std::vector<std::string>> ReserveIds(size_t count);
  Result<std::vector<std::string>> Register(uint64_t job,
                                            std::string_view session,
                                            std::string_view blob);
  Result<RegistryContents> ReadRegistry();
  Status LogLine(std::string_view level, std::string_view text);

  // RG.HOST <subcommand> <fence> <args>, if `lease` is still the present one.
  Result<Reply> Ask(const Lease& lease, std::string_view subcommand,
                    CommandArgs args);
  // A connection on which `lease` is confirmed: whatever is read over it while
  // RG.HOST RENEW succeeds is of the server, and of the life of its data set,
  // that the lease is for. Any number of them.
  Result<std::unique_ptr<Connection>> OpenReader(
      const Lease& lease, const Cancellation* cancellation);
  // `lease` is the caller's, which may have been lost since.
  Status Trim(const Lease& lease, std::string_view stream, Position position);
  Result<Backlog> GetBacklog(const std::string& stream);

  // Ends the lease on both sides, as if it were lost.
  void Detach();
  // The same for `lease`, if it is still held; waits for nobody, so that a
  // worker may call it.
  void GiveUp(const Lease& lease, std::string_view why);

 private:
  // One lease and what belongs to it.
  struct Session {
    Attachment attachment;
    uint64_t asked_fence = 0;
    std::string host_id;
    std::shared_ptr<Lease> lease;
    Cancellation ended;  // wakes whoever waits for a job
    std::string fence_text() const { return std::to_string(lease->fence); }
  };
  using SessionPtr = std::shared_ptr<Session>;
  using ConnectionPtr = std::unique_ptr<Connection>;

  // The session if its lease is valid, else kFenced.
  Result<SessionPtr> Current();
  SessionPtr session();
  Result<ConnectionPtr> OpenAttached(Session* session,
                                     const Cancellation* cancellation);
  // Sends "RG.HOST <args>" over the command connection.
  Result<Reply> Command(const SessionPtr& session, CommandArgs args);
  Status Reconnect(Session* session) REGEAR_REQUIRES(command_mutex_);
  Result<std::vector<Job>> AskForJobs(const SessionPtr& session,
                                      Milliseconds timeout);
  void WaitForLoss(const SessionPtr& session, Milliseconds timeout);

  void RenewLoop(SessionPtr session);
  Status Renew(const SessionPtr& session);
  Status SendStatuses(const SessionPtr& session);
  void SendDetach(const SessionPtr& session);
  void Lose(const SessionPtr& session, std::string_view why);
  void JoinRenewer() REGEAR_REQUIRES(attach_mutex_);

  const HostLinkOptions options_;

  Mutex attach_mutex_;  // one Attach or Detach at a time
  std::thread renewer_ REGEAR_GUARDED_BY(attach_mutex_);

  Mutex session_mutex_;
  CondVar session_changed_;
  SessionPtr session_ REGEAR_GUARDED_BY(session_mutex_);
  bool lost_ REGEAR_GUARDED_BY(session_mutex_) = true;

  Mutex command_mutex_;
  ConnectionPtr command_ REGEAR_GUARDED_BY(command_mutex_);
  Mutex job_mutex_;
  ConnectionPtr jobs_ REGEAR_GUARDED_BY(job_mutex_);
};

}  // namespace regear

#include "engine/host_link.h"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "base/log.h"
#include "engine/redis_event_source.h"
#include "engine/thread.h"

namespace regear {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view kJobsAtOnce = "128";
constexpr milliseconds kRenewInterval{1000};  // at most; a third of the lease
constexpr milliseconds kRenewAgain{100};
constexpr milliseconds kStatusInterval{1000};

std::string RandomHostId() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::random_device random;
  std::string id;
  while (id.size() < 32) {
    unsigned bits = random();
    for (int i = 0; i < 8; ++i, bits >>= 4) id += kDigits[bits & 15];
  }
  return id;
}

Status LeaseLost() {
  return Status(StatusCode::kFenced, "the lease on the Redis server is lost");
}

std::vector<std::string> TextsOf(ReplyView reply) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < reply.size(); ++i) {
    texts.emplace_back(reply[i].text());
  }
  return texts;
}

}  // namespace

HostLink::HostLink(HostLinkOptions options) : options_(std::move(options)) {}

HostLink::~HostLink() { Detach(); }

HostLink::SessionPtr HostLink::session() {
  MutexLock lock(&session_mutex_);
  return session_;
}

std::shared_ptr<const Lease> HostLink::lease() {
  const SessionPtr current = session();
  return current ? current->lease : nullptr;
}

Result<HostLink::SessionPtr> HostLink::Current() {
  SessionPtr current = session();
  if (!current) {
    return Status(StatusCode::kInvalid, "the engine is not attached",
                  "call attach first");
  }
  if (!current->lease->valid()) {
    Lose(current, "it could not be renewed in time");
    return LeaseLost();
  }
  return current;
}

Result<Attachment> HostLink::Attach(uint64_t fence) {
  MutexLock lock(&attach_mutex_);
  if (const auto current = session(); current && current->lease->valid()) {
    return current->attachment;
  }
  JoinRenewer();
  auto fresh = std::make_shared<Session>();
  fresh->asked_fence = fence;
  fresh->host_id = RandomHostId();
  const auto asked_at = steady_clock::now();
  auto command = OpenAttached(fresh.get(), nullptr);
  if (!command.ok()) return command.status();
  if (*command == nullptr) return fresh->attachment;  // standby
  fresh->attachment.host_id = fresh->host_id;
  const Attachment& got = fresh->attachment;
  fresh->lease = std::make_shared<Lease>(got.fence, got.epoch, got.epoch_id,
                                         asked_at + got.lease);
  {
    MutexLock command_lock(&command_mutex_);
    command_ = *std::move(command);
  }
  {
    MutexLock job_lock(&job_mutex_);
    jobs_.reset();
  }
  {
    MutexLock session_lock(&session_mutex_);
    session_ = fresh;
    lost_ = false;
  }
  renewer_ = StartThread("regear-lease", [this, fresh] { RenewLoop(fresh); });
  return got;
}

// Connects and attaches. Null if the answer is "standby".
Result<HostLink::ConnectionPtr> HostLink::OpenAttached(
    Session* session, const Cancellation* cancellation) {
  ConnectionOptions options = options_.connection;
  options.cancellation = cancellation;
  auto opened = Connection::Open(options);
  if (!opened.ok()) return opened.status();
  const auto reply =
      (*opened)->Call({"RG.HOST", "ATTACH", kHostProtocol, session->host_id,
                       std::to_string(session->asked_fence)});
  if (!reply.ok()) return reply.status().Annotate("attach");
  auto attachment = ParseAttachment(reply->view());
  if (!attachment.ok()) return attachment.status();
  if (session->lease == nullptr) {
    session->attachment = *attachment;
    return attachment->attached ? *std::move(opened) : ConnectionPtr();
  }
  // One more connection of a lease that is held. Another fence, or another
  // life of the data set (a server without persistence counts from 1 again),
  // is another lease: closing this connection gives it back.
  if (!attachment->attached || attachment->fence != session->lease->fence ||
      attachment->epoch_id != session->lease->epoch_id) {
    return LeaseLost();
  }
  return opened;
}

Status HostLink::Reconnect(Session* session) {
  if (command_ != nullptr) return Status::Ok();
  auto opened = OpenAttached(session, nullptr);
  if (!opened.ok()) return opened.status();
  command_ = *std::move(opened);
  return Status::Ok();
}

Result<Reply> HostLink::Command(const SessionPtr& session, CommandArgs args) {
  std::vector<std::string_view> words = {"RG.HOST"};
  words.insert(words.end(), args.begin(), args.end());
  Status failure;
  {
    MutexLock lock(&command_mutex_);
    failure = Reconnect(session.get());
    if (failure.ok()) {
      Result<Reply> reply = command_->Call(words);
      if (reply.ok()) return reply;
      failure = reply.status();
    }
    if (failure.code() == StatusCode::kReconnect) command_.reset();
  }
  if (failure.code() == StatusCode::kFenced) Lose(session, failure.message());
  return failure;
}

Result<std::vector<Job>> HostLink::NextJobs(Milliseconds timeout) {
  auto current = Current();
  if (!current.ok()) return current.status();
  const auto deadline = steady_clock::now() + timeout;
  auto jobs = AskForJobs(*current, timeout);
  if (jobs.ok()) return jobs;
  const StatusCode code = jobs.status().code();
  if (code == StatusCode::kFenced) {
    Lose(*current, jobs.status().message());
    return LeaseLost();
  }
  if (code == StatusCode::kCancelled) return LeaseLost();
  if (code != StatusCode::kReconnect && code != StatusCode::kRetry) return jobs;
  const auto left =
      std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
  WaitForLoss(*current, std::max(left, milliseconds(1)));
  if (!(*current)->lease->valid()) return LeaseLost();
  return std::vector<Job>();
}

Result<std::vector<Job>> HostLink::AskForJobs(const SessionPtr& session,
                                              Milliseconds timeout) {
  MutexLock lock(&job_mutex_);
  if (jobs_ == nullptr) {
    auto opened = OpenAttached(session.get(), &session->ended);
    if (!opened.ok()) return opened.status();
    jobs_ = *std::move(opened);
  }
  // Zero would block without an end.
  timeout = std::max(timeout, milliseconds(1));
  const std::string fence = session->fence_text();
  const std::string wait = std::to_string(timeout.count());
  const auto reply =
      jobs_->Call({"RG.HOST", "NEXT", fence, kJobsAtOnce, wait}, timeout);
  if (!reply.ok()) {
    jobs_.reset();
    return reply.status();
  }
  return ParseJobs(reply->view());
}

void HostLink::WaitForLoss(const SessionPtr& session, Milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  MutexLock lock(&session_mutex_);
  while (!lost_ && session_ == session &&
         session_changed_.WaitUntil(&session_mutex_, deadline)) {
  }
}

Status HostLink::FinishJob(uint64_t job, bool ok, std::string_view text) {
  auto current = Current();
  if (!current.ok()) return current.status();
  const std::string fence = (*current)->fence_text();
  const std::string job_text = std::to_string(job);
  return Command(*current,
                 std::array<std::string_view, 5>{"DONE", fence, job_text,
                                                 ok ? "OK" : "ERR", text})
      .status();
}

Status HostLink::SettleJobs(const TextPairs& reports,
                            const std::vector<JobAnswer>& answers) {
  auto current = Current();
  if (!current.ok()) return current.status();
  const std::string fence = (*current)->fence_text();
  if (!reports.empty()) {
    std::vector<std::string_view> words = {"RAN", fence};
    for (const auto& [registration, report] : reports) {
      words.insert(words.end(), {registration, report});
    }
    REGEAR_RETURN_IF_ERROR(Command(*current, words).status());
  }
  if (answers.empty()) return Status::Ok();
  std::vector<std::string> ids;
  ids.reserve(answers.size());
  std::vector<std::string_view> words = {"DONE", fence};
  for (const JobAnswer& answer : answers) {
    ids.push_back(std::to_string(answer.job));
    words.insert(words.end(), {ids.back(), answer.kind, answer.payload});
  }
  const Status status = Command(*current, words).status();
  return status.code() == StatusCode::kInvalid ? Status::Ok() : status;
}

Result<std::vector<std::string>> HostLink::ReserveIds(size_t count) {
  auto current = Current();
  if (!current.ok()) return current.status();
  const std::string fence = (*current)->fence_text();
  const std::string count_text = std::to_string(count);
  const auto reply = Command(
      *current, std::array<std::string_view, 3>{"RESERVE", fence, count_text});
  if (!reply.ok()) return reply.status();
  return TextsOf(reply->view());
}

Result<std::vector<std::string>> HostLink::Register(uint64_t job,
                                                    std::string_view session,
                                                    std::string_view blob) {
  auto current = Current();
  if (!current.ok()) return current.status();
  const std::string fence = (*current)->fence_text();
  const std::string job_text = std::to_string(job);
  const auto reply =
      Command(*current, std::array<std::string_view, 5>{
                            "REGISTER", fence, job_text, session, blob});
  if (!reply.ok()) return reply.status();
  return TextsOf(reply->view());
}

Result<RegistryContents> HostLink::ReadRegistry() {
  auto current = Current();
  if (!current.ok()) return current.status();
  const std::string fence = (*current)->fence_text();
  const auto reply =
      Command(*current, std::array<std::string_view, 2>{"REGISTRY", fence});
  if (!reply.ok()) return reply.status();
  return ParseRegistry(reply->view());
}

Status HostLink::LogLine(std::string_view level, std::string_view text) {
  auto current = Current();
  if (!current.ok()) return current.status();
  return Command(*current, std::array<std::string_view, 3>{"LOG", level, text})
      .status();
}

Result<Reply> HostLink::Ask(const Lease& lease, std::string_view subcommand,
                            CommandArgs args) {
  auto current = Current();
  if (!current.ok()) return current.status();
  if ((*current)->lease.get() != &lease) return LeaseLost();
  const std::string fence = (*current)->fence_text();
  std::vector<std::string_view> words = {subcommand, fence};
  words.insert(words.end(), args.begin(), args.end());
  return Command(*current, words);
}

Result<std::unique_ptr<Connection>> HostLink::OpenReader(
    const Lease& lease, const Cancellation* cancellation) {
  auto current = Current();
  if (!current.ok()) return current.status();
  if ((*current)->lease.get() != &lease) return LeaseLost();
  auto opened = OpenAttached(current->get(), cancellation);
  if (opened.status().code() == StatusCode::kFenced) {
    Lose(*current, opened.status().message());
  }
  return opened;
}

Status HostLink::Trim(const Lease& lease, std::string_view stream,
                      Position position) {
  const std::string id = position.ToString();
  return Ask(lease, "TRIM", std::array<std::string_view, 2>{stream, id})
      .status();
}

Result<Backlog> HostLink::GetBacklog(const std::string& stream) {
  auto current = Current();
  if (!current.ok()) return current.status();
  MutexLock lock(&command_mutex_);
  REGEAR_RETURN_IF_ERROR(Reconnect(current->get()));
  auto backlog = ReadBacklog(command_.get(), stream);
  if (backlog.status().code() == StatusCode::kReconnect) command_.reset();
  return backlog;
}

void HostLink::Detach() {
  MutexLock lock(&attach_mutex_);
  const SessionPtr current = session();
  if (current) {
    SendDetach(current);
    Lose(current, "");
  }
  JoinRenewer();
  {
    MutexLock command_lock(&command_mutex_);
    command_.reset();
  }
  MutexLock job_lock(&job_mutex_);
  jobs_.reset();
}

void HostLink::GiveUp(const Lease& lease, std::string_view why) {
  const SessionPtr current = session();
  if (!current || current->lease.get() != &lease) return;
  SendDetach(current);
  Lose(current, why);
}

void HostLink::SendDetach(const SessionPtr& session) {
  if (!session->lease->valid()) return;
  const std::string fence = session->fence_text();
  const auto reply =
      Command(session, std::array<std::string_view, 2>{"DETACH", fence});
  // Where it fails the lease runs out by itself.
  if (!reply.ok()) Log(LogLevel::kDebug, reply.status().ToString());
}

void HostLink::JoinRenewer() {
  if (renewer_.joinable()) renewer_.join();
}

void HostLink::RenewLoop(SessionPtr session) {
  const milliseconds interval =
      std::min(session->attachment.lease / 3, kRenewInterval);
  milliseconds pause = interval;
  auto last_report = steady_clock::time_point::min();
  while (true) {
    WaitForLoss(session, pause);
    if (!session->lease->valid()) break;
    Status status = Renew(session);
    const auto now = steady_clock::now();
    if (status.ok() && now - kStatusInterval >= last_report) {
      last_report = now;
      status = SendStatuses(session);
    }
    pause = status.ok() ? interval : std::min(interval, kRenewAgain);
  }
  Lose(session, "it could not be renewed in time");
}

Status HostLink::Renew(const SessionPtr& session) {
  const auto sent_at = steady_clock::now();
  const std::string fence = session->fence_text();
  const auto reply =
      Command(session, std::array<std::string_view, 2>{"RENEW", fence});
  if (!reply.ok()) return reply.status();
  session->lease->Extend(sent_at + session->attachment.lease);
  return Status::Ok();
}

// Not together with Renew: collecting them asks the server for each stream,
// and the lease must not wait for that.
Status HostLink::SendStatuses(const SessionPtr& session) {
  if (!options_.statuses) return Status::Ok();
  const TextPairs statuses = options_.statuses();
  if (statuses.empty()) return Status::Ok();
  const std::string fence = session->fence_text();
  std::vector<std::string_view> args = {"RENEW", fence};
  for (const auto& [name, status] : statuses) {
    args.push_back(name);
    args.push_back(status);
  }
  return Command(session, args).status();
}

void HostLink::Lose(const SessionPtr& session, std::string_view why) {
  session->lease->Lose();
  session->ended.Cancel();
  {
    MutexLock lock(&session_mutex_);
    if (lost_ || session_ != session) return;
    lost_ = true;
    session_changed_.NotifyAll();
  }
  if (!why.empty()) {
    Log(LogLevel::kWarning,
        "the lease on the Redis server is lost: " + std::string(why));
  }
  if (options_.on_lost) options_.on_lost();
}

}  // namespace regear

#include "engine/reconciler.h"

#include <utility>

#include "base/log.h"
#include "engine/thread.h"

namespace regear {

namespace {

using std::chrono::milliseconds;

constexpr std::string_view kScanCount = "500";
constexpr size_t kIdsAtOnce = 1000;
// Captured and not written yet: beyond it the scan waits for the drain.
constexpr uint64_t kMaxAhead = 20'000;
constexpr milliseconds kPoll{50};
constexpr milliseconds kAgain{1000};

// `text` as a pattern that matches only itself.
std::string EscapeGlob(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (std::string_view("*?[]\\^").find(c) != std::string_view::npos) {
      pattern += '\\';
    }
    pattern += c;
  }
  return pattern;
}

}  // namespace

Reconciler::Reconciler(const WorkerSpec* spec, ReconcilerParts parts,
                       std::function<Position()> passed)
    : spec_(*spec), parts_(std::move(parts)), passed_(std::move(passed)) {}

Reconciler::~Reconciler() { Stop(); }

void Reconciler::Start(const std::string& reason) {
  if (reason.empty()) return;
  {
    MutexLock lock(&mutex_);
    if (stopped_) return;
    again_ = true;
    reason_ = reason;
    keys_ = 0;
    rows_without_key_ = nullptr;
    changed_.NotifyAll();
  }
  MutexLock lock(&thread_mutex_);
  if (!thread_.joinable()) {
    thread_ = StartThread("regear-reconc", [this] { Run(); });
  }
}

void Reconciler::Stop() {
  {
    MutexLock lock(&mutex_);
    stopped_ = true;
    changed_.NotifyAll();
  }
  MutexLock lock(&thread_mutex_);
  if (thread_.joinable()) thread_.join();
}

nlohmann::json Reconciler::Progress() {
  MutexLock lock(&mutex_);
  if (reason_.empty()) return nullptr;
  return {{"reason", reason_},
          {"keys", keys_},
          {"rows_without_key", rows_without_key_}};
}

Status Reconciler::Pause(milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  MutexLock lock(&mutex_);
  while (!stopped_ && changed_.WaitUntil(&mutex_, until)) {
  }
  return stopped_ ? Status(StatusCode::kCancelled, "stopped") : Status::Ok();
}

void Reconciler::Run() {
  while (true) {
    {
      MutexLock lock(&mutex_);
      while (!stopped_ && !again_) changed_.Wait(&mutex_);
      if (stopped_) return;
      again_ = false;
    }
    const Status status = Reconcile();
    if (status.ok()) continue;
    if (status.code() == StatusCode::kFenced) return;
    Log(LogLevel::kWarning, spec_.name + ": reconciling: " + status.ToString());
    MutexLock lock(&mutex_);
    again_ = true;
    const auto until = std::chrono::steady_clock::now() + kAgain;
    while (!stopped_ && changed_.WaitUntil(&mutex_, until)) {
    }
  }
}

Status Reconciler::Reconcile() {
  auto connection = Connection::Open(parts_.connection);
  if (!connection.ok()) return connection.status();
  if (spec_.db != 0) {
    const std::string db = std::to_string(spec_.db);
    REGEAR_RETURN_IF_ERROR((*connection)->Call({"SELECT", db}).status());
  }
  REGEAR_RETURN_IF_ERROR(CaptureAll(connection->get()));
  REGEAR_RETURN_IF_ERROR(WaitForDrain(connection->get()));
  REGEAR_RETURN_IF_ERROR(CountRowsWithoutKey(connection->get()));
  MutexLock lock(&mutex_);
  if (again_) return Status::Ok();  // begun anew meanwhile
  REGEAR_RETURN_IF_ERROR(parts_.ledger->MarkReconciling(""));
  Log(LogLevel::kWarning, spec_.name +
                              ": reconciled: " + std::to_string(keys_) +
                              " keys were written anew, rows without a key: " +
                              rows_without_key_.dump());
  reason_.clear();
  return Status::Ok();
}

Status Reconciler::CaptureAll(Connection* connection) {
  const std::string pattern = EscapeGlob(spec_.mapping.key_prefix) + "*";
  std::string cursor = "0";
  do {
    const auto reply = connection->Call(
        {"SCAN", cursor, "MATCH", pattern, "COUNT", kScanCount});
    if (!reply.ok()) return reply.status();
    if (reply->view().size() < 2) {
      return Status(StatusCode::kRetry, "unexpected reply to SCAN");
    }
    cursor = reply->view()[0].text();
    std::vector<std::string> keys;
    for (size_t i = 0; i < reply->view()[1].size(); ++i) {
      keys.emplace_back(reply->view()[1][i].text());
    }
    if (!keys.empty()) REGEAR_RETURN_IF_ERROR(Capture(keys));
    REGEAR_RETURN_IF_ERROR(Pause(milliseconds(0)));
  } while (cursor != "0");
  return Status::Ok();
}

Status Reconciler::Capture(const std::vector<std::string>& keys) {
  while (true) {
    const auto backlog = parts_.link->GetBacklog(spec_.stream);
    if (!backlog.ok()) return backlog.status();
    if (backlog->changes < kMaxAhead) break;
    REGEAR_RETURN_IF_ERROR(Pause(kPoll));
  }
  std::vector<std::string_view> args = {spec_.name, "reconcile"};
  args.insert(args.end(), keys.begin(), keys.end());
  const auto reply = parts_.link->Ask(*parts_.lease, "CAPTURE", args);
  if (!reply.ok()) return reply.status();
  MutexLock lock(&mutex_);
  keys_ += keys.size();
  return Status::Ok();
}

// Until all that was captured up to now has been dealt with.
Status Reconciler::WaitForDrain(Connection* connection) {
  REGEAR_RETURN_IF_ERROR(connection->Call({"SELECT", "0"}).status());
  const auto newest =
      connection->Call({"XREVRANGE", spec_.stream, "+", "-", "COUNT", "1"});
  if (!newest.ok()) return newest.status();
  Position last;
  if (newest->view().size() > 0) {
    last = Position::Parse(newest->view()[0][0].text()).value_or(last);
  }
  while (passed_() < last) REGEAR_RETURN_IF_ERROR(Pause(kPoll));
  return Status::Ok();
}

Status Reconciler::CountRowsWithoutKey(Connection* connection) {
  auto connector = parts_.make_connector();
  if (!connector.ok()) return connector.status();
  REGEAR_RETURN_IF_ERROR((*connector)->Open());
  const std::string db = std::to_string(spec_.db);
  REGEAR_RETURN_IF_ERROR(connection->Call({"SELECT", db}).status());
  std::optional<std::string> after;
  uint64_t missing = 0;
  while (true) {
    auto ids = (*connector)->IdsAfter(after, kIdsAtOnce);
    if (ids.status().code() == StatusCode::kInvalid) return Status::Ok();
    if (!ids.ok()) return ids.status();
    if (ids->empty()) break;
    after = ids->back();
    REGEAR_RETURN_IF_ERROR(CountMissing(connection, *ids, &missing));
    if (ids->size() < kIdsAtOnce) break;
    REGEAR_RETURN_IF_ERROR(Pause(milliseconds(0)));
  }
  MutexLock lock(&mutex_);
  rows_without_key_ = missing;
  return Status::Ok();
}

Status Reconciler::CountMissing(Connection* connection,
                                const std::vector<std::string>& ids,
                                uint64_t* missing) {
  for (const std::string& id : ids) {
    connection->Append({"EXISTS", spec_.mapping.key_prefix + id});
  }
  REGEAR_RETURN_IF_ERROR(connection->Flush());
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto exists = connection->ReadReply();
    if (!exists.ok()) return exists.status();
    if (exists->view().is_integer() && exists->view().integer() == 0) {
      ++*missing;
    }
  }
  return Status::Ok();
}

}  // namespace regear

#include "engine/engine.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "engine/connector_factory.h"
#include "engine/redis_ledger.h"
#include "engine/through_worker.h"

namespace regear {

namespace {

// SQLite has one writer at a time, and a callback of a recipe is not to be
// called by two threads. Python's connectors have one interpreter between them.
size_t LanesFor(TargetKind target) {
  switch (target) {
    case TargetKind::kPostgres:
    case TargetKind::kMysql:
      return 8;
    case TargetKind::kPython:
      return 4;
    case TargetKind::kSqlite:
    case TargetKind::kCallback:
      break;
  }
  return 1;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Create(std::string_view url) {
  auto parsed = RedisUrl::Parse(url);
  if (!parsed.ok()) return parsed.status();
  ConnectionOptions options;
  options.url = *std::move(parsed);
  return std::unique_ptr<Engine>(new Engine(std::move(options)));
}

Engine::Engine(ConnectionOptions options)
    : options_(std::move(options)),
      link_(std::make_unique<HostLink>(
          HostLinkOptions{options_, [this] { return WorkerStatuses(); },
                          [this] { AbortWorkers(); }})) {}

Engine::~Engine() { Detach(); }

Result<Attachment> Engine::Attach(uint64_t fence) {
  return link_->Attach(std::max(fence, highest_fence_.load()));
}

Result<std::vector<Finding>> Engine::CheckTarget(const WorkerSpec& spec) {
  auto connector = MakeConnector(spec);
  if (!connector.ok()) return connector.status();
  REGEAR_RETURN_IF_ERROR((*connector)->Open());
  return (*connector)->warnings();
}

Status Engine::StartWorker(WorkerSpec spec) {
  const std::shared_ptr<const Lease> lease = link_->lease();
  if (!lease || !lease->valid()) {
    return Status(StatusCode::kFenced,
                  "worker " + spec.name + " cannot start without the lease");
  }
  const std::string name = spec.name;
  spec.gate = GateOf(spec);
  // Ends outside the lock, which its last steps may need (AbortWorkers).
  std::shared_ptr<Worker> replaced;
  MutexLock lock(&mutex_);
  const auto found = workers_.find(name);
  if (found != workers_.end()) {
    if (found->second.lease == lease) {
      return Status(StatusCode::kInvalid, "worker " + name + " runs already",
                    "stop it first");
    }
    replaced = std::move(found->second.worker);
    workers_.erase(found);
  }
  reports_.erase(name);
  auto worker = MakeWorker(std::move(spec), lease);
  if (!worker.ok()) return worker.status();
  workers_[name] = {*std::move(worker), lease};
  return Status::Ok();
}

Result<std::shared_ptr<Worker>> Engine::MakeWorker(WorkerSpec spec,
                                                   const LeasePtr& lease) {
  if (spec.through) return MakeThroughWorker(std::move(spec), lease);
  auto connector = MakeConnector(spec);
  if (!connector.ok()) return connector.status();
  WorkerParts parts = MakeParts(spec, *std::move(connector), lease);
  return std::shared_ptr<Worker>(
      std::make_shared<DrainWorker>(std::move(spec), std::move(parts)));
}

Result<std::shared_ptr<Worker>> Engine::MakeThroughWorker(
    WorkerSpec spec, const LeasePtr& lease) {
  ThroughWorker::Parts parts;
  parts.link = link_.get();
  parts.lease = lease;
  const size_t lanes = spec.lanes > 0 ? spec.lanes : LanesFor(spec.target);
  const std::string id = spec.table.checkpoint_id;
  for (size_t i = 0; i < lanes; ++i) {
    spec.table.checkpoint_id = id + "/" + std::to_string(i);
    auto connector = MakeConnector(spec);
    if (!connector.ok()) return connector.status();
    parts.connectors.push_back(*std::move(connector));
  }
  parts.on_conflict = [this, lease](const Checkpoint& found) {
    OnConflict(found, *lease);
  };
  return std::shared_ptr<Worker>(
      std::make_shared<ThroughWorker>(std::move(spec), std::move(parts)));
}

// Two registrations that call one database by two names are strangers.
std::shared_ptr<RowGate> Engine::GateOf(const WorkerSpec& spec) {
  if (!spec.connect) return nullptr;
  Result<ConnectionParameters> parameters = ConnectionParameters();
  try {
    parameters = spec.connect();
  } catch (const std::exception&) {
    return nullptr;  // the worker will say so, again and again
  }
  if (!parameters.ok()) return nullptr;
  std::string table = std::to_string(static_cast<int>(spec.target));
  for (const char* part : {"host", "port", "dbname", "path"}) {
    const auto found = parameters->find(part);
    table += '\n';
    if (found != parameters->end()) table += found->second;
  }
  table += '\n' + spec.table.table;
  MutexLock lock(&mutex_);
  std::shared_ptr<RowGate> gate = gates_[table].lock();
  if (!gate) gates_[table] = gate = std::make_shared<RowGate>();
  return gate;
}

StreamControl Engine::MakeControl(const LeasePtr& lease) {
  StreamControl control;
  control.trim = [this, lease](const std::string& stream, Position position) {
    return link_->Trim(*lease, stream, position);
  };
  control.backlog = [this](const std::string& stream) {
    return link_->GetBacklog(stream);
  };
  control.open = [this, lease](const Cancellation* cancellation) {
    return link_->OpenReader(*lease, cancellation);
  };
  control.confirm = {"RG.HOST", "RENEW", std::to_string(lease->fence)};
  return control;
}

WorkerParts Engine::MakeParts(const WorkerSpec& spec,
                              std::unique_ptr<Connector> connector,
                              const LeasePtr& lease) {
  WorkerParts parts;
  parts.connector = std::move(connector);
  parts.cancellation = std::make_shared<Cancellation>();
  parts.lease = lease;
  ConnectionOptions options = options_;
  options.cancellation = parts.cancellation.get();
  parts.source = std::make_unique<RedisEventSource>(
      options, spec.stream, MakeControl(lease), spec.commit_after);
  parts.ledger = std::make_shared<RedisLedger>(
      link_.get(), lease, options,
      LedgerNames{spec.name, spec.stream, spec.dead, spec.parked});
  parts.events.on_conflict = [this, lease](const Checkpoint& found) {
    OnConflict(found, *lease);
  };
  parts.events.all_passed = [this](uint64_t unix_ms) {
    return AllPassed(unix_ms);
  };
  parts.reconcile = std::make_unique<ReconcilerParts>(
      ReconcilerParts{link_.get(), lease, options, parts.ledger,
                      [spec] { return MakeConnector(spec); }});
  return parts;
}

// A fence from another life of the data set (Redis came back empty, say, or
// from an old backup) tells nothing about who writes now. The module confirms
// that we do: take a fence above that one, by attaching anew.
void Engine::OnConflict(const Checkpoint& found, const Lease& lease) {
  if (found.epoch_id == lease.epoch_id) return;
  uint64_t highest = highest_fence_.load();
  while (highest < found.fence &&
         !highest_fence_.compare_exchange_weak(highest, found.fence)) {
  }
  link_->GiveUp(lease,
                "a target was last written under fence " +
                    std::to_string(found.fence) +
                    ", before Redis lost its data: attach again above it");
}

bool Engine::StopWorker(const std::string& name, bool drain,
                        Milliseconds timeout) {
  std::shared_ptr<Worker> worker;
  {
    MutexLock lock(&mutex_);
    const auto found = workers_.find(name);
    if (found == workers_.end()) return true;
    worker = found->second.worker;
  }
  // Not under the lock: its last steps may find that the lease is lost. Until
  // it has ended its status stays visible.
  const bool drained = worker->Stop(drain, timeout);
  MutexLock lock(&mutex_);
  const auto found = workers_.find(name);
  if (found != workers_.end() && found->second.worker == worker) {
    workers_.erase(found);
  }
  return drained;
}

bool Engine::AllPassed(uint64_t unix_ms) {
  std::vector<std::shared_ptr<Worker>> workers;
  {
    MutexLock lock(&mutex_);
    for (const auto& [name, entry] : workers_) workers.push_back(entry.worker);
  }
  return std::all_of(workers.begin(), workers.end(), [&](const auto& worker) {
    return worker->HasPassed(unix_ms);
  });
}

bool Engine::HurryWorker(const std::string& name) {
  MutexLock lock(&mutex_);
  const auto found = workers_.find(name);
  if (found == workers_.end()) return false;
  found->second.worker->Hurry();
  return true;
}

TextPairs Engine::WorkerStatuses() {
  std::vector<std::pair<std::string, std::shared_ptr<Worker>>> workers;
  TextPairs statuses;
  {
    MutexLock lock(&mutex_);
    for (const auto& [name, entry] : workers_) {
      workers.emplace_back(name, entry.worker);
    }
    statuses.assign(reports_.begin(), reports_.end());
  }
  for (const auto& [name, worker] : workers) {
    statuses.emplace_back(name, worker->StatusJson());
  }
  return statuses;
}

void Engine::Report(const std::string& name, std::string status) {
  MutexLock lock(&mutex_);
  if (status.empty()) {
    reports_.erase(name);
  } else {
    reports_[name] = std::move(status);
  }
}

void Engine::AbortWorkers() {
  MutexLock lock(&mutex_);
  for (const auto& [name, entry] : workers_) {
    // Some may have been started under the next lease by now.
    if (!entry.lease->valid()) entry.worker->Abort();
  }
}

void Engine::StopAllWorkers() {
  std::map<std::string, Entry> workers;
  {
    MutexLock lock(&mutex_);
    workers.swap(workers_);
  }
  for (const auto& [name, entry] : workers) entry.worker->Abort();
  for (const auto& [name, entry] : workers) entry.worker->Stop(false, {});
}

void Engine::Detach() {
  StopAllWorkers();
  link_->Detach();
}

}  // namespace regear

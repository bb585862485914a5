#include "engine/worker_fixture.h"

namespace regear {

using std::chrono::milliseconds;

WorkerFixture::WorkerFixture() {
  spec_.name = "persons";
  spec_.stream = "_persons-stream-p-{06S}";
  spec_.mapping = {"p:", {{"a", "a"}, {"b", "b"}}};
  spec_.drain.duration = milliseconds(5);
  spec_.drain.retry_interval = milliseconds(20);
  ledger_->SetEpochs({{kEpoch, kEpochId, {}}});
  lease_ = std::make_shared<Lease>(kFence, kEpoch, kEpochId,
                                   Lease::Clock::time_point::max());
}

WorkerFixture::~WorkerFixture() { StopWorker(); }

void WorkerFixture::Append(const std::vector<std::string_view>& pairs) {
  const std::string id = std::to_string(next_id_++) + "-0";
  std::vector<std::string_view> args = {"XADD", spec_.stream, id};
  args.insert(args.end(), pairs.begin(), pairs.end());
  if (!connection_) connection_ = server_.Connect();
  const auto reply = connection_->Call(args);
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
}

void WorkerFixture::Set(const std::string& id, const Fields& fields, bool unit,
                        const std::string& ack) {
  const std::string key = "p:" + id;
  std::vector<std::string_view> pairs = {"_original_key", key, "_event",
                                         "hset",          "#", "="};
  if (!ack.empty()) pairs.insert(pairs.end(), {"_uuid", ack});
  if (unit) pairs.insert(pairs.end(), {"_unit", "+"});
  for (const auto& [field, value] : fields) {
    pairs.insert(pairs.end(), {field, value});
  }
  Append(pairs);
}

void WorkerFixture::Delete(const std::string& id) {
  const std::string key = "p:" + id;
  Append({"_original_key", key, "_event", "del", "#", "~"});
}

StreamControl WorkerFixture::MakeControl() {
  StreamControl control;
  control.trim = [this](const std::string& stream, Position position) {
    if (failing_acks_ > 0) {
      --failing_acks_;
      return Status(StatusCode::kRetry, "not now");
    }
    auto connection = Connection::Open({.url = server_.url()});
    if (!connection.ok()) return connection.status();
    return (*connection)
        ->Call({"XTRIM", stream, "MINID", position.Next().ToString()})
        .status();
  };
  control.backlog = [this](const std::string& stream) -> Result<Backlog> {
    auto connection = Connection::Open({.url = server_.url()});
    if (!connection.ok()) return connection.status();
    return ReadBacklog(connection->get(), stream);
  };
  return control;
}

void WorkerFixture::StartWorker(std::unique_ptr<Connector> connector) {
  WorkerParts parts;
  parts.connector = std::move(connector);
  parts.cancellation = std::make_shared<Cancellation>();
  parts.source = std::make_unique<RedisEventSource>(
      ConnectionOptions{.url = server_.url(),
                        .cancellation = parts.cancellation.get()},
      spec_.stream, MakeControl());
  parts.lease = lease_;
  parts.ledger = ledger_;
  parts.events.on_conflict = [this](const Checkpoint& found) {
    conflict_ = found;
  };
  parts.events.all_passed = [this](uint64_t) { return all_passed_.load(); };
  worker_ = std::make_unique<DrainWorker>(spec_, std::move(parts));
}

std::string WorkerFixture::last_error() {
  const nlohmann::json error = status()["last_error"];
  return error.is_null() ? "" : error.get<std::string>();
}

long long WorkerFixture::StreamLength() {
  return server_.Run({"XLEN", spec_.stream}).view().integer();
}

bool WorkerFixture::Drained() {
  return worker_->Stop(true, std::chrono::seconds(20));
}

bool WorkerFixture::Reaches(const std::string& wanted) {
  return WaitFor([&] { return state() == wanted; });
}

}  // namespace regear

// A drain worker on a real Redis server, without the module: the test appends
// the entries itself.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/drain_worker.h"
#include "engine/fake_ledger.h"
#include "engine/fake_target.h"
#include "engine/redis_event_source.h"
#include "engine/wait_for.h"
#include "redis/redis_server.h"

namespace regear {

class WorkerFixture : public testing::Test {
 protected:
  static constexpr uint64_t kFence = 5;
  static constexpr uint64_t kEpoch = 2;
  static inline const std::string kEpochId = "e2";

  WorkerFixture();
  ~WorkerFixture() override;

  // A change of key "p:<id>", numbered from 1-0 on.
  using Fields = std::vector<std::pair<std::string, std::string>>;
  void Set(const std::string& id, const Fields& fields, bool unit = false,
           const std::string& ack = "");
  void Delete(const std::string& id);

  void StartWorker() { StartWorker(target_.MakeConnector()); }
  void StartWorker(std::unique_ptr<Connector> connector);
  // After the server was killed.
  void ForgetConnection() { connection_.reset(); }
  // Without draining.
  void StopWorker() { worker_.reset(); }

  nlohmann::json status() {
    return nlohmann::json::parse(worker_->StatusJson());
  }
  std::string state() { return status()["state"].get<std::string>(); }
  std::string last_error();
  long long StreamLength();

  // Waits until everything is in the target and trimmed.
  bool Drained();
  bool Reaches(const std::string& state);

  Checkpoint At(uint64_t major, uint64_t fence = kFence) const {
    return {kEpoch, kEpochId, {major, 0}, fence};
  }

  RedisServer server_;
  FakeTarget target_{{"a", "b"}};
  std::shared_ptr<FakeLedger> ledger_ = std::make_shared<FakeLedger>();
  WorkerSpec spec_;
  std::shared_ptr<Lease> lease_;
  std::optional<Checkpoint> conflict_;    // read after the worker has stopped
  std::atomic<bool> all_passed_ = false;  // by the other workers
  std::atomic<int> failing_acks_ = 0;     // so many more calls fail
  std::unique_ptr<DrainWorker> worker_;

 private:
  void Append(const std::vector<std::string_view>& pairs);
  StreamControl MakeControl();

  std::unique_ptr<Connection> connection_;
  uint64_t next_id_ = 1;
};

}  // namespace regear

// The host link and the whole engine against the module itself.
#include "engine/host_link.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "engine/engine.h"
#include "engine/wait_for.h"
#include "redis/redis_server.h"

namespace regear {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string ModuleFile() {
  if (const char* given = std::getenv("REGEAR_MODULE")) return given;
#ifdef REGEAR_MODULE_FILE
  return REGEAR_MODULE_FILE;
#else
  return "";
#endif
}

class HostLinkTest : public testing::Test {
 protected:
  void SetUp() override {
    if (ModuleFile().empty()) {
      GTEST_SKIP() << "no module: set REGEAR_MODULE to a regear.so";
    }
    server_ = std::make_unique<RedisServer>(
        std::vector<std::string>{"--loadmodule", ModuleFile(), "Host", "none"});
  }
  std::unique_ptr<HostLink> MakeLink() {
    HostLinkOptions options;
    options.connection.url = server_->url();
    options.on_lost = [this] { ++losses_; };
    return std::make_unique<HostLink>(std::move(options));
  }
  std::unique_ptr<Engine> MakeEngine() {
    auto engine = Engine::Create(server_->url().ToString());
    EXPECT_TRUE(engine.ok());
    return *std::move(engine);
  }
  std::string Session(const std::string& hashtag) {
    const nlohmann::json session = {
        {"id", "s1"},
        {"description", nullptr},
        {"replaces", nlohmann::json::array()},
        {"registrations",
         {{{"name", "persons"},
           {"version", nullptr},
           {"kind", "write-behind"},
           {"prefix", "p:"},
           {"db", 0},
           {"events", {"hset", "hmset", "hdel", "del", "change"}},
           {"fields", {"a"}},
           {"stream", Stream(hashtag)},
           {"table", "persons"},
           {"target", "callback"},
           {"batch", 100},
           {"duration", 100},
           {"retry_interval", 5}}}}};
    return session.dump();
  }
  std::string Stream(const std::string& hashtag) {
    return "_persons-stream-persons-{" + hashtag + "}";
  }
  WorkerSpec CallbackSpec(const std::string& hashtag) {
    WorkerSpec spec;
    spec.name = "persons";
    spec.stream = Stream(hashtag);
    spec.mapping = {"p:", {{"a", "a"}}};
    spec.target = TargetKind::kCallback;
    spec.drain.duration = milliseconds(5);
    spec.write = [this](const FoldedBatch& batch) {
      written_ += static_cast<int>(batch.changes());
      return WriteReport{};
    };
    return spec;
  }

  std::unique_ptr<RedisServer> server_;
  std::atomic<int> losses_ = 0;
  std::atomic<int> written_ = 0;
};

TEST_F(HostLinkTest, TakesTheLeaseAndIsAskedOnlyOnce) {
  const auto link = MakeLink();
  const auto got = link->Attach(41);
  ASSERT_TRUE(got.ok()) << got.status().ToString();
  EXPECT_TRUE(got->attached);
  EXPECT_EQ(got->fence, 42u);
  EXPECT_GT(got->lease.count(), 0);
  EXPECT_FALSE(got->hashtag.empty());
  EXPECT_EQ(link->Attach(0)->fence, 42u);
  EXPECT_TRUE(link->lease()->valid());
}

TEST_F(HostLinkTest, ASecondHostIsAStandbyUntilTheFirstDetaches) {
  const auto first = MakeLink(), second = MakeLink();
  ASSERT_TRUE(first->Attach(0)->attached);
  EXPECT_FALSE(second->Attach(0)->attached);
  EXPECT_EQ(second->lease(), nullptr);
  first->Detach();
  first->Detach();
  EXPECT_TRUE(second->Attach(0)->attached);
  EXPECT_FALSE(first->lease()->valid());
  EXPECT_EQ(losses_, 1);
}

TEST_F(HostLinkTest, TheLeaseIsRenewedByItself) {
  const auto link = MakeLink();
  const auto got = link->Attach(0);
  ASSERT_TRUE(got.ok());
  const auto later = std::chrono::steady_clock::now() + got->lease * 3 / 2;
  EXPECT_TRUE(
      WaitFor([&] { return std::chrono::steady_clock::now() > later; }));
  EXPECT_TRUE(link->lease()->valid());
  EXPECT_TRUE(link->ReadRegistry().ok());
}

TEST_F(HostLinkTest, AJobIsHandedOverAndAnswered) {
  const auto link = MakeLink();
  ASSERT_TRUE(link->Attach(0).ok());
  std::string answer;
  std::thread client([&] {
    const auto reply = server_->Connect()->Call(
        {"RG.PYEXECUTE", "print(1)", "UNBLOCKING"}, seconds(20));
    answer = reply.ok() ? std::string(reply->view().text())
                        : reply.status().message();
  });
  std::optional<Job> job;
  EXPECT_TRUE(WaitFor([&] {
    const auto next = link->NextJobs(milliseconds(100));
    if (!next.ok()) return false;
    for (const Job& one : *next) {
      if (one.kind == "PYEXECUTE") job = one;
    }
    return job.has_value();
  }));
  if (job) {
    EXPECT_EQ(job->arguments,
              (std::vector<std::string>{"print(1)", "UNBLOCKING"}));
    EXPECT_TRUE(link->FinishJob(job->id, false, "SyntaxError: no").ok());
  }
  client.join();
  EXPECT_NE(answer.find("SyntaxError: no"), std::string::npos) << answer;
}

TEST_F(HostLinkTest, NoJobsComeBackAsNothing) {
  const auto link = MakeLink();
  ASSERT_TRUE(link->Attach(0).ok());
  while (true) {  // the registry may be announced first
    const auto jobs = link->NextJobs(milliseconds(10));
    ASSERT_TRUE(jobs.ok());
    if (jobs->empty()) break;
  }
  EXPECT_TRUE(link->NextJobs(milliseconds(0)).ok());
}

TEST_F(HostLinkTest, ASessionIsRegisteredWithItsBlob) {
  const auto link = MakeLink();
  const auto got = link->Attach(0);
  const std::string blob("\0\xff sealed", 9);
  const auto ids = link->Register(0, Session(got->hashtag), blob);
  ASSERT_TRUE(ids.ok()) << ids.status().ToString();
  EXPECT_EQ(ids->size(), 1u);
  const auto registry = link->ReadRegistry();
  ASSERT_TRUE(registry.ok());
  ASSERT_EQ(registry->registrations.size(), 1u);
  EXPECT_EQ(registry->sessions, (TextPairs{{"s1", blob}}));
  EXPECT_TRUE(link->LogLine("notice", "hello").ok());
}

TEST_F(HostLinkTest, AKilledServerEndsTheLeaseForGood) {
  const auto link = MakeLink();
  ASSERT_TRUE(link->Attach(0).ok());
  const auto lease = link->lease();
  server_->Kill();
  EXPECT_TRUE(WaitFor([&] {
    const auto jobs = link->NextJobs(milliseconds(50));
    return jobs.status().code() == StatusCode::kFenced;
  }));
  EXPECT_FALSE(lease->valid());
  EXPECT_TRUE(WaitFor([&] { return losses_ == 1; }));
  EXPECT_EQ(link->Attach(0).status().code(), StatusCode::kReconnect);
  server_->Start();
  const auto again = link->Attach(0);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_TRUE(again->attached);
  EXPECT_FALSE(lease->valid());
}

TEST_F(HostLinkTest, ARestartedServerIsNotTakenForTheSameLease) {
  const auto link = MakeLink();
  ASSERT_TRUE(link->Attach(0).ok());
  const auto lease = link->lease();
  server_->Kill();
  server_->Start();
  EXPECT_TRUE(WaitFor([&] {
    return link->NextJobs(milliseconds(50)).status().code() ==
           StatusCode::kFenced;
  }));
  EXPECT_TRUE(WaitFor([&] {
    const auto again = link->Attach(0);
    return again.ok() && again->attached;
  }));
  EXPECT_FALSE(lease->valid());
  EXPECT_TRUE(link->lease()->valid());
}

TEST_F(HostLinkTest, DetachEndsAWaitForJobs) {
  const auto link = MakeLink();
  ASSERT_TRUE(link->Attach(0).ok());
  std::thread waiter([&] {
    EXPECT_TRUE(WaitFor([&] {
      return link->NextJobs(seconds(60)).status().code() == StatusCode::kFenced;
    }));
  });
  link->Detach();
  waiter.join();
}

TEST_F(HostLinkTest, CapturedChangesReachTheTargetAndAreTrimmed) {
  const auto engine = MakeEngine();
  const auto got = engine->Attach(0);
  ASSERT_TRUE(got.ok()) << got.status().ToString();
  ASSERT_TRUE(engine->link().Register(0, Session(got->hashtag), "blob").ok());
  ASSERT_TRUE(engine->StartWorker(CallbackSpec(got->hashtag)).ok());
  EXPECT_EQ(engine->StartWorker(CallbackSpec(got->hashtag)).code(),
            StatusCode::kInvalid);
  for (int i = 0; i < 50; ++i) {
    server_->Run({"HSET", "p:" + std::to_string(i), "a", "x"});
  }
  EXPECT_TRUE(engine->StopWorker("persons", true, seconds(20)));
  EXPECT_EQ(written_, 50);
  EXPECT_EQ(server_->Run({"XLEN", Stream(got->hashtag)}).view().integer(), 0);
  EXPECT_TRUE(engine->WorkerStatuses().empty());
}

TEST_F(HostLinkTest, WorkersStopWithTheLeaseAndStartAnew) {
  const auto engine = MakeEngine();
  const auto got = engine->Attach(0);
  ASSERT_TRUE(got.ok());
  ASSERT_TRUE(engine->link().Register(0, Session(got->hashtag), "blob").ok());
  ASSERT_TRUE(engine->StartWorker(CallbackSpec(got->hashtag)).ok());
  server_->Kill();
  server_->Start();
  EXPECT_TRUE(WaitFor([&] {
    return engine->link().NextJobs(milliseconds(50)).status().code() ==
           StatusCode::kFenced;
  }));
  EXPECT_EQ(engine->StartWorker(CallbackSpec(got->hashtag)).code(),
            StatusCode::kFenced);
  ASSERT_TRUE(WaitFor([&] {
    const auto again = engine->Attach(0);
    return again.ok() && again->attached;
  }));
  ASSERT_TRUE(engine->StartWorker(CallbackSpec(got->hashtag)).ok());
  server_->Run({"HSET", "p:1", "a", "x"});
  EXPECT_TRUE(engine->StopWorker("persons", true, seconds(20)));
  EXPECT_EQ(written_, 1);
}

// Redis came back without its data; the target remembers a higher fence.
TEST_F(HostLinkTest, AFenceOfAnEarlierLifeIsOvertaken) {
  const std::string path = server_->folder() + "/test.db";
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  const auto engine = MakeEngine();
  const auto got = engine->Attach(0);
  ASSERT_TRUE(got.ok());
  const std::string setup =
      "CREATE TABLE persons (id TEXT PRIMARY KEY, a TEXT);"
      "CREATE TABLE regear_checkpoint (id TEXT PRIMARY KEY, val TEXT);"
      "INSERT INTO regear_checkpoint VALUES ('" +
      Stream(got->hashtag) + "', '3:e0:7-0:900')";
  ASSERT_EQ(sqlite3_exec(database, setup.c_str(), nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(database);
  WorkerSpec spec = CallbackSpec(got->hashtag);
  spec.target = TargetKind::kSqlite;
  spec.table = {"persons", {"id"}, "regear_checkpoint", spec.stream};
  spec.connect = [path] {
    return Result<ConnectionParameters>(ConnectionParameters{{"path", path}});
  };
  ASSERT_TRUE(engine->link().Register(0, Session(got->hashtag), "blob").ok());
  ASSERT_TRUE(engine->StartWorker(spec).ok());
  EXPECT_TRUE(WaitFor([&] {
    return engine->link().NextJobs(milliseconds(50)).status().code() ==
           StatusCode::kFenced;
  }));
  const auto again = engine->Attach(0);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(again->fence, 901u);
  ASSERT_TRUE(engine->StartWorker(spec).ok());
  server_->Run({"HSET", "p:1", "a", "x"});
  EXPECT_TRUE(engine->StopWorker("persons", true, seconds(20)));
}

TEST_F(HostLinkTest, ServerLogsGetStatusesOfWorkers) {
  const auto engine = MakeEngine();
  const auto got = engine->Attach(0);
  ASSERT_TRUE(got.ok());
  ASSERT_TRUE(engine->link().Register(0, Session(got->hashtag), "blob").ok());
  ASSERT_TRUE(engine->StartWorker(CallbackSpec(got->hashtag)).ok());
  const auto statuses = engine->WorkerStatuses();
  ASSERT_EQ(statuses.size(), 1u);
  EXPECT_EQ(statuses[0].first, "persons");
  EXPECT_TRUE(nlohmann::json::accept(statuses[0].second));
  engine->Detach();
  EXPECT_TRUE(engine->WorkerStatuses().empty());
}

}  // namespace
}  // namespace regear

// What a drain worker does about each kind of failure.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "connectors/sqlite/sqlite_connector.h"
#include "engine/worker_fixture.h"

namespace regear {
namespace {

using std::chrono::milliseconds;

class DrainFailuresTest : public WorkerFixture {};

TEST_F(DrainFailuresTest, TheSameBatchIsTriedUntilItIsIn) {
  target_.FailNext(Mishap::kRetry, 3);
  target_.FailNext(Mishap::kReconnect, 2);
  for (int i = 1; i <= 10; ++i) Set(std::to_string(i), {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(WaitFor([&] { return target_.rows().size() == 10; }));
  ASSERT_TRUE(WaitFor([&] { return last_error().empty(); }));
  EXPECT_EQ(state(), "running");
  EXPECT_EQ(status()["retries"], 5);
  EXPECT_EQ(status()["applied"], 10);
}

TEST_F(DrainFailuresTest, AFailureIsShownWhileItLasts) {
  target_.FailNext(Mishap::kRetry, 1'000'000);
  Set("1", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(Reaches("retrying"));
  EXPECT_EQ(last_error(), "deadlock");
  EXPECT_EQ(StreamLength(), 1);
}

TEST_F(DrainFailuresTest, ATargetThatIsAwayIsConnecting) {
  target_.FailOpen(Status(StatusCode::kReconnect, "connection refused"));
  Set("1", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(WaitFor([&] { return last_error() == "connection refused"; }));
  EXPECT_EQ(state(), "connecting");
  target_.FailOpen(Status::Ok());
  EXPECT_TRUE(Drained());
  EXPECT_EQ(target_.rows().size(), 1u);
}

TEST_F(DrainFailuresTest, AnExceptionOfADriverIsRetried) {
  target_.FailNext(Mishap::kThrow, 2);
  Set("1", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.rows().size(), 1u);
}

TEST_F(DrainFailuresTest, ACommitInDoubtThatHappenedIsNotRepeated) {
  target_.FailNext(Mishap::kInDoubtCommitted);
  Set("1", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.attempts(), 1);
  EXPECT_EQ(target_.checkpoint(), At(1));
  EXPECT_EQ(StreamLength(), 0);
}

TEST_F(DrainFailuresTest, ACommitInDoubtThatWasLostIsRepeated) {
  target_.FailNext(Mishap::kInDoubtLost, 2);
  Set("1", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.attempts(), 3);
  EXPECT_EQ(target_.rows().size(), 1u);
}

TEST_F(DrainFailuresTest, ATransformThatRaisesIsRetried) {
  std::atomic<int> calls = 0;
  spec_.transform = [&](ChangeBatch*, size_t* culprit) {
    *culprit = 0;
    const std::string message = "KeyError: " + std::to_string(++calls);
    return calls < 4 ? Status(StatusCode::kRetry, message) : Status::Ok();
  };
  Set("1", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.rows().size(), 1u);
  EXPECT_EQ(calls, 4);
}

TEST_F(DrainFailuresTest, AFailedAcknowledgementIsMadeUpFor) {
  failing_acks_ = 3;
  Set("1", {{"a", "x"}});
  StartWorker();
  EXPECT_TRUE(WaitFor([&] { return StreamLength() == 0; }));
  EXPECT_EQ(target_.attempts(), 1);
}

TEST_F(DrainFailuresTest, ANewerFenceStopsTheWorker) {
  target_.StoreCheckpoint(At(1, kFence + 1));
  Set("1", {{"a", "x"}});
  Set("2", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(Reaches("stopped"));
  EXPECT_NE(last_error().find("fence 6"), std::string::npos);
  EXPECT_EQ(target_.attempts(), 0);
  EXPECT_EQ(StreamLength(), 2);
  EXPECT_FALSE(worker_->Stop(true, milliseconds(1)));
  ASSERT_TRUE(conflict_);
  EXPECT_EQ(conflict_->fence, kFence + 1);
}

TEST_F(DrainFailuresTest, ANewerFenceWhileRunningStopsTheWorker) {
  StartWorker();
  Set("1", {{"a", "x"}});
  ASSERT_TRUE(WaitFor([&] { return target_.rows().size() == 1; }));
  target_.StoreCheckpoint(At(1, kFence + 1));
  Set("2", {{"a", "x"}});
  ASSERT_TRUE(Reaches("stopped"));
  EXPECT_EQ(target_.rows().size(), 1u);
  EXPECT_EQ(StreamLength(), 1);
}

TEST_F(DrainFailuresTest, TheLastCommitOfAnOlderHostIsTheNewBase) {
  StartWorker();
  Set("1", {{"a", "x"}});
  ASSERT_TRUE(WaitFor([&] { return target_.rows().size() == 1; }));
  target_.StoreCheckpoint(At(2, kFence - 1));  // it has written change 2
  Set("2", {{"a", "x"}});
  Set("3", {{"a", "x"}});
  ASSERT_TRUE(Drained());
  EXPECT_FALSE(target_.rows().contains("2"));
  EXPECT_TRUE(target_.rows().contains("3"));
  EXPECT_EQ(target_.checkpoint(), At(3));
}

TEST_F(DrainFailuresTest, ATargetThatWentBackIsReadFromThere) {
  failing_acks_ = 1'000'000;
  for (int i = 1; i <= 4; ++i) Set(std::to_string(i), {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(WaitFor([&] { return target_.rows().size() == 4; }));
  target_.StoreCheckpoint(At(2));  // restored from a backup
  const size_t batches = target_.batches().size();
  Set("5", {{"a", "x"}});
  ASSERT_TRUE(WaitFor([&] { return target_.checkpoint() == At(5); }));
  const auto written = target_.batches();
  EXPECT_EQ(std::accumulate(written.begin() + static_cast<long>(batches),
                            written.end(), size_t{0}),
            3u);
  EXPECT_EQ(ledger_->reconciling(), "");  // nothing was trimmed
}

TEST_F(DrainFailuresTest, ATargetThatForgotWhatItConfirmedIsReconciled) {
  for (int i = 1; i <= 4; ++i) Set(std::to_string(i), {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(WaitFor([&] { return StreamLength() == 0; }));
  target_.StoreCheckpoint(At(2));  // restored, and 3 and 4 are trimmed
  Set("5", {{"a", "x"}});
  ASSERT_TRUE(WaitFor([&] { return target_.checkpoint() == At(5); }));
  EXPECT_NE(ledger_->reconciling().find("restored"), std::string::npos);
}

TEST_F(DrainFailuresTest, WithoutTheLeaseNothingIsWritten) {
  StartWorker();
  Set("1", {{"a", "x"}});
  ASSERT_TRUE(WaitFor([&] { return target_.rows().size() == 1; }));
  lease_->Lose();
  Set("2", {{"a", "x"}});
  ASSERT_TRUE(Reaches("stopped"));
  EXPECT_FALSE(worker_->Stop(true, milliseconds(1)));
  EXPECT_EQ(target_.rows().size(), 1u);
}

TEST_F(DrainFailuresTest, AForeignEntryStopsReadingUntilItIsGone) {
  server_.Run({"XADD", spec_.stream, "1-0", "hello", "world"});
  StartWorker();
  ASSERT_TRUE(Reaches("stopped"));
  EXPECT_NE(last_error().find("1-0"), std::string::npos);
  server_.Run({"XDEL", spec_.stream, "1-0"});
  EXPECT_TRUE(Reaches("running"));
}

TEST_F(DrainFailuresTest, GoesOnAfterRedisWasKilled) {
  StartWorker();
  Set("1", {{"a", "x"}});
  ASSERT_TRUE(WaitFor([&] { return target_.rows().size() == 1; }));
  server_.Kill();
  ASSERT_TRUE(Reaches("connecting"));
  EXPECT_FALSE(last_error().empty());
  server_.Start();
  ForgetConnection();
  Set("2", {{"a", "x"}});
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.rows().size(), 2u);
  EXPECT_EQ(target_.attempts(), 2);
}

// --- SQLite ---

struct SqliteCloser {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};

class DrainSqliteTest : public WorkerFixture {
 protected:
  void Execute(const std::string& sql) {
    sqlite3* opened = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &opened), SQLITE_OK);
    const std::unique_ptr<sqlite3, SqliteCloser> database(opened);
    sqlite3_busy_timeout(opened, 5000);
    lines_.clear();
    const auto add = [](void* lines, int count, char** values, char**) {
      std::string line;
      for (int i = 0; i < count; ++i) {
        line += (i > 0 ? "|" : "") + std::string(values[i] ? values[i] : "");
      }
      static_cast<std::vector<std::string>*>(lines)->push_back(line);
      return 0;
    };
    ASSERT_EQ(sqlite3_exec(opened, sql.c_str(), add, &lines_, nullptr),
              SQLITE_OK)
        << sqlite3_errmsg(opened);
  }
  std::vector<std::string> Query(const std::string& sql) {
    Execute(sql);
    return lines_;
  }
  void StartSqliteWorker() {
    const TableTarget table{
        "persons", {"id"}, "regear_checkpoint", spec_.stream};
    StartWorker(std::make_unique<SqliteConnector>(
        table, std::vector<std::string>{"a", "b"}, [path = path()] {
          return Result<ConnectionParameters>(
              ConnectionParameters{{"path", path}});
        }));
  }
  std::string path() const { return server_.folder() + "/test.db"; }

 private:
  std::vector<std::string> lines_;
};

TEST_F(DrainSqliteTest, AMissingTableStopsWithTheStatementThatMakesIt) {
  Set("1", {{"a", "x"}});
  StartSqliteWorker();
  ASSERT_TRUE(Reaches("stopped"));
  const std::string hint = status()["hint"].get<std::string>();
  EXPECT_EQ(hint.rfind("CREATE TABLE", 0), 0u) << hint;
  Execute(hint);
  ASSERT_TRUE(Drained());
  EXPECT_EQ(Query("SELECT * FROM persons"), std::vector<std::string>{"1|x|"});
}

TEST_F(DrainSqliteTest, ARefusedValueIsALetterUntilTheNextOneIsIn) {
  Execute("CREATE TABLE persons (id TEXT PRIMARY KEY, a TEXT, b INTEGER)");
  Set("1", {{"a", "x"}, {"b", "not a number"}});
  Set("2", {{"a", "y"}, {"b", "2"}});
  StartSqliteWorker();
  ASSERT_TRUE(WaitFor([&] { return StreamLength() == 0; }));
  ASSERT_EQ(ledger_->On(Shelf::kDead).size(), 1u);
  EXPECT_NE(ledger_->On(Shelf::kDead)[0].find("column b"), std::string::npos);
  EXPECT_EQ(Query("SELECT * FROM persons"), std::vector<std::string>{"2|y|2"});
  Set("1", {{"a", "x"}, {"b", "7"}});
  ASSERT_TRUE(Drained());
  EXPECT_EQ(Query("SELECT * FROM persons WHERE id = 1"),
            std::vector<std::string>{"1|x|7"});
  EXPECT_TRUE(ledger_->On(Shelf::kDead).empty());
}

TEST_F(DrainSqliteTest, RowsThatSwapUniqueValuesThroughAThirdAreRight) {
  Execute("CREATE TABLE persons (id TEXT PRIMARY KEY, a TEXT UNIQUE, b TEXT)");
  Execute("INSERT INTO persons VALUES ('1', 'x', ''), ('2', 'y', '')");
  Set("1", {{"a", "free"}});
  Set("2", {{"a", "x"}}, true);
  Set("1", {{"a", "y"}}, true);
  StartSqliteWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(Query("SELECT id, a FROM persons ORDER BY id"),
            (std::vector<std::string>{"1|y", "2|x"}));
  EXPECT_TRUE(ledger_->On(Shelf::kDead).empty());
}

TEST_F(DrainSqliteTest, OnlyATrueUniqueViolationIsALetter) {
  Execute("CREATE TABLE persons (id TEXT PRIMARY KEY, a TEXT UNIQUE, b TEXT)");
  Set("1", {{"a", "x"}});
  Set("2", {{"a", "x"}}, true);
  Set("3", {{"a", "z"}}, true);
  StartSqliteWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(Query("SELECT id, a FROM persons ORDER BY id"),
            (std::vector<std::string>{"1|x", "3|z"}));
  ASSERT_EQ(ledger_->On(Shelf::kDead).size(), 1u);
  EXPECT_EQ(ledger_->On(Shelf::kDead)[0].substr(0, 4), "p:2:");
}

TEST_F(DrainSqliteTest, NothingIsLostWhenRedisIsKilledAgainAndAgain) {
  Execute("CREATE TABLE persons (id TEXT PRIMARY KEY, a TEXT, b INTEGER)");
  spec_.drain.batch = 7;
  StartSqliteWorker();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 100; ++i) {
      Set(std::to_string(i % 30), {{"b", std::to_string(round * 100 + i)}});
    }
    server_.Kill();
    server_.Start();
    ForgetConnection();
  }
  ASSERT_TRUE(Drained());
  EXPECT_EQ(Query("SELECT count(*), sum(b), max(b) FROM persons"),
            std::vector<std::string>{"30|8535|299"});
  EXPECT_EQ(StreamLength(), 0);
}

TEST_F(DrainSqliteTest, AWorkerThatEndedIsContinuedByTheNext) {
  Execute("CREATE TABLE persons (id TEXT PRIMARY KEY, a TEXT, b INTEGER)");
  for (int i = 0; i < 200; ++i) {
    Set(std::to_string(i), {{"b", std::to_string(i)}});
    if (i % 20 == 0) {
      StopWorker();
      StartSqliteWorker();
    }
  }
  ASSERT_TRUE(Drained());
  EXPECT_EQ(Query("SELECT count(*), sum(b) FROM persons"),
            std::vector<std::string>{"200|19900"});
}

}  // namespace
}  // namespace regear

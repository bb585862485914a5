// How a drain worker works when nothing goes wrong.
#include "engine/drain_worker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "connectors/callback/callback_connector.h"
#include "engine/worker_fixture.h"

namespace regear {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class DrainWorkerTest : public WorkerFixture {};

TEST_F(DrainWorkerTest, BringsChangesIntoTheTargetAndTrims) {
  Set("1", {{"a", "x"}, {"b", "y"}});
  Set("2", {{"a", "z"}});
  Delete("1");
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.rows(),
            (std::map<std::string, FakeTarget::Row>{{"2", {{"a", "z"}}}}));
  EXPECT_EQ(target_.checkpoint(), At(3));
  EXPECT_EQ(StreamLength(), 0);
}

TEST_F(DrainWorkerTest, CommitsWhatIsBelowABatchAfterTheDuration) {
  spec_.drain.batch = 1000;
  StartWorker();
  ASSERT_TRUE(Reaches("running"));
  Set("1", {{"a", "x"}});
  EXPECT_TRUE(WaitFor([&] { return target_.rows().contains("1"); }));
}

TEST_F(DrainWorkerTest, ABatchOfChangesDoesNotWaitForTheDuration) {
  spec_.drain.batch = 3;
  spec_.drain.duration = seconds(600);
  for (int i = 1; i <= 3; ++i) Set(std::to_string(i), {{"a", "x"}});
  StartWorker();
  EXPECT_TRUE(WaitFor([&] { return target_.rows().size() == 3; }));
}

TEST_F(DrainWorkerTest, HurryWritesAtOnceAndGoesOnAsBefore) {
  spec_.drain.batch = 1000;
  spec_.drain.duration = seconds(600);
  Set("1", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(Reaches("running"));
  EXPECT_TRUE(target_.rows().empty());
  worker_->Hurry();
  EXPECT_TRUE(WaitFor([&] { return target_.rows().contains("1"); }));
  EXPECT_EQ(state(), "running");
  Set("2", {{"a", "x"}});
  worker_->Hurry();
  EXPECT_TRUE(WaitFor([&] { return target_.rows().contains("2"); }));
}

TEST_F(DrainWorkerTest, WhatHasArrivedGoesTogetherUpToTheMaximum) {
  spec_.drain.batch = 10;
  spec_.drain.max_batch = 250;
  for (int i = 0; i < 1000; ++i) Set(std::to_string(i % 7), {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(Drained());
  const auto batches = target_.batches();
  EXPECT_EQ(std::accumulate(batches.begin(), batches.end(), size_t{0}), 1000u);
  EXPECT_LE(*std::max_element(batches.begin(), batches.end()), 250u);
  EXPECT_LT(batches.size(), 30u);
}

TEST_F(DrainWorkerTest, LargeValuesMakeSmallerBatches) {
  spec_.drain.max_batch_bytes = 100'000;
  const std::string value(10'000, 'v');
  for (int i = 0; i < 200; ++i) Set(std::to_string(i), {{"a", value}});
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.rows().size(), 200u);
  // The first read cannot know how large the values are.
  EXPECT_LE(target_.batches().back(), 10u);
}

TEST_F(DrainWorkerTest, AUnitIsOneBatchWhateverItsSize) {
  spec_.drain.max_batch = 3;
  Set("1", {{"a", "x"}});
  Set("2", {{"a", "x"}});
  for (int i = 3; i <= 20; ++i) Set(std::to_string(i), {{"a", "x"}}, true);
  Set("21", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.rows().size(), 21u);
  const auto batches = target_.batches();
  EXPECT_TRUE(std::find(batches.begin(), batches.end(), 20u) != batches.end() ||
              std::find(batches.begin(), batches.end(), 19u) != batches.end())
      << "the unit of 19 was cut";
}

TEST_F(DrainWorkerTest, ContinuesBehindTheCheckpointAndTrimsUpToIt) {
  for (int i = 1; i <= 5; ++i) Set(std::to_string(i), {{"a", "x"}});
  target_.StoreCheckpoint(At(3, kFence - 1));
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.rows().size(), 2u);
  EXPECT_TRUE(target_.rows().contains("4"));
  EXPECT_EQ(StreamLength(), 0);
}

TEST_F(DrainWorkerTest, TrimsWhatAnEarlierHostCommittedLast) {
  for (int i = 1; i <= 3; ++i) Set(std::to_string(i), {{"a", "x"}});
  target_.StoreCheckpoint(At(3, kFence - 1));
  StartWorker();
  EXPECT_TRUE(WaitFor([&] { return StreamLength() == 0; }));
  EXPECT_EQ(target_.attempts(), 0);
}

TEST_F(DrainWorkerTest, ACheckpointOfAnotherEpochSkipsNothing) {
  for (int i = 1; i <= 5; ++i) Set(std::to_string(i), {{"a", "x"}});
  target_.StoreCheckpoint(Checkpoint{1, "e1", {900, 0}, kFence - 1});
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.rows().size(), 5u);
  EXPECT_EQ(target_.checkpoint(), At(5));
}

TEST_F(DrainWorkerTest, StopEndsABlockedReadAtOnce) {
  StartWorker();
  ASSERT_TRUE(Reaches("running"));
  EXPECT_TRUE(worker_->Stop(false, {}));
  EXPECT_FALSE(worker_->Stop(true, seconds(20)));  // again: no harm
}

TEST_F(DrainWorkerTest, DrainingGivesUpAtItsTimeout) {
  target_.FailOpen(Status(StatusCode::kReconnect, "database away"));
  Set("1", {{"a", "x"}});
  StartWorker();
  EXPECT_FALSE(worker_->Stop(true, milliseconds(50)));
  EXPECT_EQ(StreamLength(), 1);
}

TEST_F(DrainWorkerTest, DrainsWhatArrivesWhileDraining) {
  StartWorker();
  ASSERT_TRUE(Reaches("running"));
  for (int i = 0; i < 50; ++i) Set(std::to_string(i), {{"a", "x"}});
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.rows().size(), 50u);
  EXPECT_EQ(StreamLength(), 0);
}

TEST_F(DrainWorkerTest, StatusTellsTheNumbers) {
  StartWorker();
  Set("1", {{"a", "x"}});
  ASSERT_TRUE(WaitFor([&] { return status()["applied"] == 1; }));
  ASSERT_TRUE(WaitFor([&] { return status()["backlog"] == 0; }));
  const nlohmann::json idle = status();
  EXPECT_EQ(idle["state"], "running");
  EXPECT_EQ(idle["batches"], 1);
  EXPECT_EQ(idle["lag_ms"], 0);
  EXPECT_TRUE(idle["last_error"].is_null());
  EXPECT_TRUE(idle["hint"].is_null());
}

TEST_F(DrainWorkerTest, LagIsTheAgeOfTheOldestChangeNotInTheTarget) {
  target_.FailNext(Mishap::kRetry, 1'000'000);
  Set("1", {{"a", "x"}});  // its id says it is from 1970
  StartWorker();
  EXPECT_TRUE(WaitFor([&] { return status()["lag_ms"] > 1'000'000'000; }));
  EXPECT_EQ(status()["backlog"], 1);
}

TEST_F(DrainWorkerTest, TransformRewritesChangesBeforeTheFold) {
  spec_.transform = [](ChangeBatch* batch, size_t*) {
    ChangeBatch transformed;
    for (const Change& change : batch->changes()) {
      Change copy = change;
      copy.key = transformed.Own("p:new-" + std::string(change.key.substr(2)));
      transformed.AddField("b", transformed.Own("t"));
      transformed.Add(copy);
    }
    *batch = std::move(transformed);
    return Status::Ok();
  };
  Set("1", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.rows(),
            (std::map<std::string, FakeTarget::Row>{{"new-1", {{"b", "t"}}}}));
}

TEST_F(DrainWorkerTest, ATransformMayDropEverything) {
  spec_.transform = [](ChangeBatch* batch, size_t*) {
    *batch = ChangeBatch();
    return Status::Ok();
  };
  Set("1", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.attempts(), 0);
  EXPECT_EQ(StreamLength(), 0);
}

TEST_F(DrainWorkerTest, ACallbackGetsEveryChangeAndIsAskedAgain) {
  std::atomic<int> calls = 0, changes = 0;
  spec_.fold = FoldMode::kEveryChange;
  const std::function<Status(const FoldedBatch&)> write =
      [&](const FoldedBatch& batch) {
        if (++calls == 1) return Status(StatusCode::kRetry, "KeyError: 'a'");
        changes += static_cast<int>(batch.size());
        return Status::Ok();
      };
  for (int i = 0; i < 3; ++i) Set("1", {{"a", std::to_string(i)}});
  StartWorker(std::make_unique<CallbackConnector>(write));
  ASSERT_TRUE(Drained());
  EXPECT_EQ(changes, 3);
  EXPECT_GE(calls, 2);
  EXPECT_EQ(StreamLength(), 0);
}

}  // namespace
}  // namespace regear

#include "engine/worker_stats.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace regear {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using TimePoint = std::chrono::steady_clock::time_point;

const TimePoint kStart = TimePoint() + std::chrono::hours(1);

nlohmann::json Show(WorkerStats& stats, StatusInputs inputs = {}) {
  if (inputs.now == TimePoint()) inputs.now = kStart;
  return nlohmann::json::parse(stats.ToJson(inputs));
}

TEST(RateMeterTest, TellsTheRateOfTheLastSecond) {
  RateMeter rate;
  for (int i = 0; i < 30; ++i) rate.Add(100, kStart + i * milliseconds(100));
  EXPECT_NEAR(rate.PerSecond(kStart + milliseconds(2950)), 1000, 100);
}

TEST(RateMeterTest, FallsToZeroWhenNothingHappens) {
  RateMeter rate;
  rate.Add(100, kStart);
  EXPECT_EQ(rate.PerSecond(kStart), 100);
  EXPECT_NEAR(rate.PerSecond(kStart + milliseconds(1500)), 50, 1);
  EXPECT_EQ(rate.PerSecond(kStart + seconds(3)), 0);
}

TEST(WorkerStatsTest, StartsConnecting) {
  WorkerStats stats;
  EXPECT_EQ(Show(stats)["state"], "connecting");
  stats.OnReady();
  EXPECT_EQ(Show(stats)["state"], "running");
}

TEST(WorkerStatsTest, AFailureIsShownUntilTheNextSuccess) {
  WorkerStats stats;
  stats.OnFailure(WorkerState::kRetrying,
                  Status(StatusCode::kReject, "p:1", "fix it"));
  const nlohmann::json failed = Show(stats);
  EXPECT_EQ(failed["state"], "retrying");
  EXPECT_EQ(failed["last_error"], "p:1");
  EXPECT_EQ(failed["hint"], "fix it");
  EXPECT_EQ(failed["retries"], 1);
  stats.OnWrite(7, 5, std::chrono::milliseconds(3));
  const nlohmann::json fine = Show(stats);
  EXPECT_EQ(fine["state"], "running");
  EXPECT_TRUE(fine["last_error"].is_null());
  EXPECT_TRUE(fine["hint"].is_null());
  EXPECT_EQ(fine["applied"], 7);
  EXPECT_EQ(fine["folded"], 2);
  EXPECT_EQ(fine["batches"], 1);
  EXPECT_EQ(fine["batch_size"]["sum"], 7);
  EXPECT_EQ(fine["batch_size"]["counts"][1], 1);      // up to 10
  EXPECT_EQ(fine["commit_seconds"]["counts"][2], 1);  // up to 5 ms
  EXPECT_EQ(fine["retries"], 1);
}

TEST(WorkerStatsTest, LosingTheSourceIsConnecting) {
  WorkerStats stats;
  stats.OnReady();
  stats.OnSource(Status(StatusCode::kReconnect, "redis is gone"));
  EXPECT_EQ(Show(stats)["state"], "connecting");
  EXPECT_EQ(Show(stats)["last_error"], "redis is gone");
  stats.OnSource(Status::Ok());
  EXPECT_EQ(Show(stats)["state"], "running");
  EXPECT_TRUE(Show(stats)["last_error"].is_null());
}

TEST(WorkerStatsTest, TheTargetsFailureIsShownBeforeTheSources) {
  WorkerStats stats;
  stats.OnSource(Status(StatusCode::kReconnect, "redis is gone"));
  stats.OnFailure(WorkerState::kRetrying, Status(StatusCode::kRetry, "locked"));
  EXPECT_EQ(Show(stats)["state"], "retrying");
  EXPECT_EQ(Show(stats)["last_error"], "locked");
}

nlohmann::json LagAt5000(std::optional<Position> oldest) {
  WorkerStats stats;
  StatusInputs inputs;
  inputs.oldest = oldest;
  inputs.now_ms = 5000;
  return Show(stats, inputs)["lag_ms"];
}

TEST(WorkerStatsTest, LagIsTheAgeOfTheOldestChange) {
  EXPECT_EQ(LagAt5000(std::nullopt), 0);
  EXPECT_EQ(LagAt5000(Position{4200, 0}), 800);
  EXPECT_EQ(LagAt5000(Position{6000, 0}), 0);  // Redis has another clock
}

TEST(WorkerStatsTest, MessagesMayHoldAnyBytes) {
  WorkerStats stats;
  stats.OnFailure(WorkerState::kRetrying,
                  Status(StatusCode::kRetry, "key \xff\xfe"));
  EXPECT_FALSE(Show(stats)["last_error"].get<std::string>().empty());
}

}  // namespace
}  // namespace regear

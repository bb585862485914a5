#include "connectors/callback/callback_connector.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "connectors/batch_builder.h"

namespace regear::testing {
namespace {

TEST(CallbackConnectorTest, HandsTheBatchOver) {
  size_t seen = 0;
  CallbackConnector connector([&seen](const FoldedBatch& batch) {
    seen = batch.size();
    return Status::Ok();
  });
  BatchBuilder batch({"a"});
  batch.Merge("1", {{"a", "x"}}).Delete("2");
  EXPECT_TRUE(connector.Open().ok());
  EXPECT_TRUE(connector.Write(batch.batch(), {}).status.ok());
  EXPECT_EQ(seen, 2u);
}

TEST(CallbackConnectorTest, KeepsNoCheckpoint) {
  CallbackConnector connector([](const FoldedBatch&) { return Status::Ok(); });
  EXPECT_FALSE(connector.keeps_checkpoint());
  const auto loaded = connector.LoadCheckpoint();
  ASSERT_TRUE(loaded.ok());
  EXPECT_FALSE(loaded->has_value());
}

TEST(CallbackConnectorTest, CanNameRefusedRows) {
  CallbackConnector connector([](const FoldedBatch&) {
    return WriteReport{Status(StatusCode::kReject, "bad"), {{1, "why"}}};
  });
  const WriteReport report = connector.Write(FoldedBatch(1), {});
  EXPECT_EQ(report.status.code(), StatusCode::kReject);
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].reason, "why");
}

TEST(CallbackConnectorTest, TurnsExceptionsIntoRetry) {
  CallbackConnector connector([](const FoldedBatch&) -> Status {
    throw std::runtime_error("no route to host");
  });
  const Status status = connector.Write(FoldedBatch(1), {}).status;
  EXPECT_EQ(status.code(), StatusCode::kRetry);
  EXPECT_EQ(status.message(), "no route to host");
}

TEST(CallbackConnectorTest, ARowThatFailsAmongOthersIsRefused) {
  std::vector<std::string> written;
  CallbackConnector connector([&](const FoldedBatch& batch) -> Status {
    for (size_t i = 0; i < batch.size(); ++i) {
      if (batch.row(i).id == "3") throw std::runtime_error("poison");
    }
    for (size_t i = 0; i < batch.size(); ++i) {
      written.emplace_back(batch.row(i).id);
    }
    return Status::Ok();
  });
  BatchBuilder batch({"a"});
  for (const char* id : {"1", "2", "3", "4", "5"})
    batch.Merge(id, {{"a", "x"}});
  EXPECT_FALSE(connector.Write(batch.batch(), {}).status.ok());
  EXPECT_FALSE(connector.Write(batch.batch(), {}).status.ok());
  const WriteReport report = connector.Write(batch.batch(), {});
  EXPECT_TRUE(report.status.ok());
  ASSERT_EQ(report.refused.size(), 1u);
  EXPECT_EQ(report.refused[0].row, 2u);
  EXPECT_EQ(report.refused[0].reason, "poison");
  EXPECT_EQ(written, (std::vector<std::string>{"1", "2", "4", "5"}));
}

TEST(CallbackConnectorTest, WhileEveryRowFailsNoneIsRefused) {
  CallbackConnector connector([&](const FoldedBatch&) -> Status {
    throw std::runtime_error("it is closed");
  });
  BatchBuilder batch({"a"});
  for (int i = 0; i < 20; ++i) batch.Merge(std::to_string(i), {{"a", "x"}});
  for (int attempt = 0; attempt < 5; ++attempt) {
    const WriteReport report = connector.Write(batch.batch(), {});
    EXPECT_EQ(report.status.code(), StatusCode::kRetry);
    EXPECT_TRUE(report.refused.empty());
  }
}

TEST(CallbackConnectorTest, ARowAloneIsNotGivenUpAtOnce) {
  CallbackConnector connector([&](const FoldedBatch&) -> Status {
    throw std::runtime_error("it is closed");
  });
  BatchBuilder batch({"a"});
  batch.Merge("1", {{"a", "x"}});
  for (int attempt = 0; attempt < 20; ++attempt) {
    EXPECT_FALSE(connector.Write(batch.batch(), {}).status.ok());
  }
}

}  // namespace
}  // namespace regear::testing

#include "connectors/callback/callback_connector.h"

#include <gtest/gtest.h>

#include <stdexcept>

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

}  // namespace
}  // namespace regear::testing

#include "base/status.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace regear {
namespace {

TEST(StatusTest, DefaultIsOk) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.ToString(), "ok");
}

TEST(StatusTest, AnnotateKeepsCodeAndHint) {
  const Status status(StatusCode::kStop, "no such table", "CREATE TABLE t");
  const Status told = status.Annotate("open");
  EXPECT_EQ(told.code(), StatusCode::kStop);
  EXPECT_EQ(told.message(), "open: no such table");
  EXPECT_EQ(told.hint(), "CREATE TABLE t");
  EXPECT_TRUE(Status::Ok().Annotate("open").ok());
}

TEST(StatusTest, ToStringNamesTheHint) {
  EXPECT_EQ(Status(StatusCode::kStop, "no table", "CREATE TABLE t").ToString(),
            "no table (try: CREATE TABLE t)");
  EXPECT_EQ(Status(StatusCode::kRetry, "busy").ToString(), "busy");
}

TEST(StatusTest, EachCodeHasItsOwnName) {
  EXPECT_EQ(StatusCodeName(StatusCode::kInDoubt), "in doubt");
  EXPECT_EQ(StatusCodeName(StatusCode::kReject), "refused");
  EXPECT_EQ(StatusCodeName(StatusCode::kFenced), "fenced");
}

Status FailWith(Status status) {
  REGEAR_RETURN_IF_ERROR(std::move(status));
  return Status(StatusCode::kInvalid, "went on");
}

TEST(StatusTest, ReturnIfErrorReturnsTheErrorOnly) {
  EXPECT_EQ(FailWith(Status(StatusCode::kRetry, "a")).message(), "a");
  EXPECT_EQ(FailWith(Status::Ok()).message(), "went on");
}

TEST(ResultTest, HoldsAValueOrAStatus) {
  Result<std::unique_ptr<int>> value(std::make_unique<int>(3));
  ASSERT_TRUE(value.ok());
  EXPECT_TRUE(value.status().ok());
  EXPECT_EQ(**value, 3);
  const std::unique_ptr<int> moved = *std::move(value);
  EXPECT_EQ(*moved, 3);

  const Result<std::string> failed(Status(StatusCode::kReconnect, "gone"));
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(failed.status().code(), StatusCode::kReconnect);
}

}  // namespace
}  // namespace regear

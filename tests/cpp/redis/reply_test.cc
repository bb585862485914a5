#include "redis/reply.h"

#include <gtest/gtest.h>

namespace regear {
namespace {

TEST(StatusOfErrorReplyTest, FirstWordDecidesWhatToDoNext) {
  const std::pair<const char*, StatusCode> cases[] = {
      {"FENCED this host does not hold the lease", StatusCode::kFenced},
      {"NOAUTH Authentication required.", StatusCode::kStop},
      {"WRONGPASS invalid username-password pair", StatusCode::kStop},
      {"NOPERM this user has no permissions", StatusCode::kStop},
      {"LOADING Redis is loading the dataset", StatusCode::kRetry},
      {"READONLY You can't write against a replica", StatusCode::kRetry},
      {"BUSY Redis is busy running a script", StatusCode::kRetry},
      {"TRYAGAIN", StatusCode::kRetry},
      {"MASTERDOWN Link with MASTER is down", StatusCode::kRetry},
      {"ERR unknown command 'RG.HOST'", StatusCode::kStop},
      {"ERR syntax error", StatusCode::kInvalid},
      {"", StatusCode::kInvalid},
  };
  for (const auto& [text, code] : cases) {
    EXPECT_EQ(StatusOfErrorReply(text).code(), code) << text;
    EXPECT_EQ(StatusOfErrorReply(text).message(), text);
  }
}

TEST(StatusOfErrorReplyTest, SaysWhatAnOperatorMayDo) {
  EXPECT_NE(StatusOfErrorReply("NOAUTH x").hint().find("password"),
            std::string::npos);
  EXPECT_NE(StatusOfErrorReply("ERR unknown command 'RG.HOST'")
                .hint()
                .find("loadmodule"),
            std::string::npos);
}

}  // namespace
}  // namespace regear

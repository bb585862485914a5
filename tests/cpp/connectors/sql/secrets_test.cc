#include "connectors/sql/secrets.h"

#include <gtest/gtest.h>

namespace regear::sql {
namespace {

TEST(SecretsTest, HidesThePasswordWhereverItStands) {
  const Secrets secrets({{"password", "s3cret"}, {"user", "ada"}});
  const Status redacted = secrets.Redact(
      Status(StatusCode::kStop, "s3cret of ada: s3crets3cret", "try s3cret"));
  EXPECT_EQ(redacted.message(), "*** of ada: ******");
  EXPECT_EQ(redacted.hint(), "try ***");
  EXPECT_EQ(redacted.code(), StatusCode::kStop);
}

TEST(SecretsTest, HasNothingToHideWithoutAPassword) {
  EXPECT_EQ(Secrets(ConnectionParameters{{"password", ""}})
                .Redact(std::string("text")),
            "text");
  EXPECT_EQ(Secrets().Redact(std::string("text")), "text");
}

TEST(SecretsTest, SurvivesAPasswordMadeOfStars) {
  EXPECT_EQ(Secrets(ConnectionParameters{{"password", "*"}})
                .Redact(std::string("a*b")),
            "a***b");
}

}  // namespace
}  // namespace regear::sql

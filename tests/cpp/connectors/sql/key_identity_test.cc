#include "connectors/sql/key_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace regear::sql {
namespace {

using ::testing::ElementsAre;

bool Same(std::string_view a, std::string_view b, KeyIdentity identity) {
  return CanonicalKey(a, identity) == CanonicalKey(b, identity);
}

TEST(KeyIdentityTest, NumbersCompareByValue) {
  EXPECT_TRUE(Same("5", "05", KeyIdentity::kNumber));
  EXPECT_TRUE(Same("5", " +5 ", KeyIdentity::kNumber));
  EXPECT_TRUE(Same("5", "5.0", KeyIdentity::kNumber));
  EXPECT_TRUE(Same("1.5", "15e-1", KeyIdentity::kNumber));
  EXPECT_FALSE(Same("5", "-5", KeyIdentity::kNumber));
  EXPECT_FALSE(
      Same("9007199254740993", "9007199254740992", KeyIdentity::kNumber));
  EXPECT_FALSE(Same("five", "FIVE", KeyIdentity::kNumber));
}

TEST(KeyIdentityTest, UuidsCompareByDigits) {
  EXPECT_TRUE(Same("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
                   "{a0eebc999c0b4ef8bb6d6bb9bd380a11}", KeyIdentity::kUuid));
  EXPECT_FALSE(Same("a0", "a1", KeyIdentity::kUuid));
}

TEST(KeyIdentityTest, CollationsCompareTheirWay) {
  EXPECT_TRUE(Same("Ada", "aDA", KeyIdentity::kAsciiNoCase));
  EXPECT_TRUE(Same("a", "a  ", KeyIdentity::kTrailingBlanks));
  EXPECT_FALSE(Same("a", " a", KeyIdentity::kTrailingBlanks));
  EXPECT_TRUE(Same("", "  ", KeyIdentity::kTrailingBlanks));
  EXPECT_FALSE(Same("a", "A", KeyIdentity::kBytes));
}

TEST(KeyIdentityTest, CountsEarlierEqualIds) {
  const std::vector<std::string_view> ids = {"a", "b", "a", "a", "c", "b"};
  size_t max = 0;
  EXPECT_THAT(CountEarlier(ids, &max), ElementsAre(0, 0, 1, 2, 0, 1));
  EXPECT_EQ(max, 2u);
}

TEST(KeyIdentityTest, CountsNoneAmongNone) {
  size_t max = 7;
  EXPECT_THAT(CountEarlier({}, &max), ElementsAre());
  EXPECT_EQ(max, 0u);
}

}  // namespace
}  // namespace regear::sql

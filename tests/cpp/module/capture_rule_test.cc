#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "module/capture_rule.h"

// A stand-in for the server's strings: rules hold some.
struct RedisModuleString {
  std::string text;
};

namespace regear {
namespace {

class CaptureRuleTest : public ::testing::Test {
 protected:
  CaptureRuleTest() {
    rm::CreateString = [](rm::Ctx*, const char* data, size_t size) {
      return new RedisModuleString{std::string(data, size)};
    };
    rm::FreeString = [](rm::Ctx*, rm::String* string) { delete string; };
    rm::StringPtrLen = [](const rm::String* string, size_t* length) {
      *length = string->text.size();
      return string->text.data();
    };
  }

  static CaptureRule::Options Persons() {
    CaptureRule::Options options;
    options.prefix = "person:";
    options.fields = {"first_name", "age"};
    options.stream = "_persons-stream-p-{06S}";
    return options;
  }
};

TEST_F(CaptureRuleTest, MatchesByPrefix) {
  const CaptureRule rule(Persons());
  EXPECT_TRUE(rule.MatchesPrefix("person:1"));
  EXPECT_FALSE(rule.MatchesPrefix("person"));
  EXPECT_FALSE(rule.MatchesPrefix("persons:1"));
}

TEST_F(CaptureRuleTest, ChangeStandsForEveryEvent) {
  CaptureRule::Options options = Persons();
  options.events = {"hset", "change"};
  EXPECT_TRUE(CaptureRule(options).WantsEvent("rename_to"));
}

TEST_F(CaptureRuleTest, OtherwiseOnlyTheNamedEvents) {
  CaptureRule::Options options = Persons();
  options.events = {"hmset", "unlink"};
  const CaptureRule rule(options);
  EXPECT_TRUE(rule.WantsEvent("hset"));
  EXPECT_TRUE(rule.WantsEvent("del"));
  EXPECT_FALSE(rule.WantsEvent("hincrby"));
}

TEST_F(CaptureRuleTest, ExpiryAndEvictionAreNoDeletesUnlessNamed) {
  const CaptureRule cautious(Persons());
  EXPECT_FALSE(cautious.DeletesOn("expired"));
  EXPECT_FALSE(cautious.DeletesOn("evicted"));
  CaptureRule::Options options = Persons();
  options.delete_on = {"del", "evicted"};
  const CaptureRule rule(options);
  EXPECT_FALSE(rule.DeletesOn("expired"));
  EXPECT_TRUE(rule.DeletesOn("evicted"));
}

TEST_F(CaptureRuleTest, WithoutDelAmongItsEventsNothingIsADelete) {
  CaptureRule::Options options = Persons();
  options.events = {"hset"};
  options.delete_on = {"del", "expired", "evicted"};
  options.delete_missing = options.delete_on_flush = true;
  const CaptureRule rule(options);
  EXPECT_FALSE(rule.DeletesOn("expired"));
  EXPECT_FALSE(rule.deletes_missing());
  EXPECT_FALSE(rule.deletes_on_flush());
}

TEST_F(CaptureRuleTest, WantsMappedFieldsOnly) {
  const CaptureRule rule(Persons());
  EXPECT_TRUE(rule.WantsField("age"));
  EXPECT_FALSE(rule.WantsField("shoe_size"));
}

TEST_F(CaptureRuleTest, NeverWantsPrivateFieldsOrTheOperation) {
  CaptureRule::Options options = Persons();
  options.all_fields = true;
  const CaptureRule rule(options);
  EXPECT_TRUE(rule.WantsField("shoe_size"));
  EXPECT_FALSE(rule.WantsField("_private"));
  EXPECT_FALSE(rule.WantsField("#"));
}

}  // namespace
}  // namespace regear

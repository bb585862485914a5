#include "change/key_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "change/fold.h"

namespace regear {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

KeyTemplate Parsed(std::string_view text) {
  auto parsed = KeyTemplate::Parse(text);
  EXPECT_TRUE(parsed.ok()) << parsed.status().ToString();
  return parsed.ok() ? *std::move(parsed) : KeyTemplate();
}

// The parts, or "no match".
std::vector<std::string_view> Split(const KeyTemplate& key_template,
                                    std::string_view remainder) {
  std::vector<std::string_view> parts(key_template.columns().size());
  if (key_template.Split(remainder, parts)) return parts;
  return {"no match"};
}

TEST(KeyTemplateTest, NamesPrefixAndColumns) {
  const KeyTemplate parsed = Parsed("order:{region}:{id}");
  EXPECT_EQ(parsed.prefix(), "order:");
  EXPECT_THAT(parsed.columns(), ElementsAre("region", "id"));
  EXPECT_EQ(parsed.text(), "order:{region}:{id}");
}

TEST(KeyTemplateTest, IsPlainWhereTheRemainderIsTheKey) {
  EXPECT_TRUE(KeyTemplate().plain());
  EXPECT_TRUE(Parsed("order:{id}").plain());
  EXPECT_FALSE(Parsed("order:{id}:lines").plain());
  EXPECT_FALSE(Parsed("{region}:{id}").plain());
}

TEST(KeyTemplateTest, LastPlaceholderTakesTheRest) {
  const KeyTemplate two = Parsed("order:{region}:{id}");
  EXPECT_THAT(Split(two, "eu:5"), ElementsAre("eu", "5"));
  EXPECT_THAT(Split(two, "eu:5:6"), ElementsAre("eu", "5:6"));
  EXPECT_THAT(Split(two, ":5"), ElementsAre("", "5"));
  EXPECT_THAT(Split(two, "eu:"), ElementsAre("eu", ""));
  EXPECT_THAT(Split(two, "eu"), ElementsAre("no match"));
}

TEST(KeyTemplateTest, SeparatorsMayBeLongAndDiffer) {
  const KeyTemplate three = Parsed("{a}::{b}/of/{c}!");
  EXPECT_THAT(Split(three, "1:2::3/of/4!"), ElementsAre("1:2", "3", "4"));
  EXPECT_THAT(Split(three, "1::3/of/4"), ElementsAre("no match"));
  EXPECT_THAT(Split(three, "1/of/3::4!"), ElementsAre("no match"));
}

TEST(KeyTemplateTest, JoinUndoesSplit) {
  const KeyTemplate two = Parsed("order:{region}:{id}");
  EXPECT_EQ(two.Join(std::vector<std::string>{"eu", "5:6"}), "eu:5:6");
  // No key has this region: it would split elsewhere.
  EXPECT_EQ(two.Join(std::vector<std::string>{"e:u", "5"}), std::nullopt);
}

TEST(KeyTemplateTest, SaysWhatIsMalformed) {
  const auto why = [](std::string_view text) {
    return KeyTemplate::Parse(text).status().message();
  };
  EXPECT_THAT(why("order:"), HasSubstr("no placeholder"));
  EXPECT_THAT(why("order:{id"), HasSubstr("{ without }"));
  EXPECT_THAT(why("order:}{id}"), HasSubstr("} without {"));
  EXPECT_THAT(why("order:{id}}"), HasSubstr("} without {"));
  EXPECT_THAT(why("order:{}"), HasSubstr("{column}"));
  EXPECT_THAT(why("order:{a{b}"), HasSubstr("{column}"));
  EXPECT_THAT(why("order:{a}{b}"), HasSubstr("separates {a}"));
  EXPECT_THAT(why("order:{a}:{a}"), HasSubstr("twice"));
}

TEST(KeyTemplateTest, FoldSplitsEachKeyOnce) {
  ChangeBatch batch;
  for (const char* key : {"o:eu:1", "o:us", "x:eu:1", "o:eu:1"}) {
    Change change;
    change.position = {batch.size() + 1, 0};
    change.key = key;
    batch.Add(change);
  }
  RowMapping mapping;
  mapping.key_template = Parsed("o:{region}:{id}");
  mapping.key_prefix = mapping.key_template.prefix();
  const FoldedBatch folded = Fold(batch, mapping, FoldMode::kLastState);
  ASSERT_EQ(folded.size(), 3u);
  EXPECT_FALSE(folded.all_fit());
  EXPECT_TRUE(folded.row(0).fits_template);
  EXPECT_THAT(folded.key_parts(0), ElementsAre("eu", "1"));
  EXPECT_FALSE(folded.row(1).fits_template);
  EXPECT_EQ(folded.MismatchReason(1),
            "key o:us does not match the template o:{region}:{id}");
  EXPECT_FALSE(folded.row(2).fits_template);  // it lacks the prefix
}

}  // namespace
}  // namespace regear

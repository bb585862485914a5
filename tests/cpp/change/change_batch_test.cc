#include <gtest/gtest.h>

#include <string>

#include "change/batch_builder.h"
#include "change/change.h"

namespace regear {
namespace {

TEST(ChangeBatchTest, EachChangeTakesWhatWasAddedBeforeIt) {
  const ChangeBatch batch = BatchBuilder()
                                .Set("a", {{"x", "1"}, {"y", "2"}}, {"z"})
                                .Delete("b")
                                .Set("c", {{"x", "3"}})
                                .Take();
  ASSERT_EQ(batch.size(), 3u);
  EXPECT_EQ(batch.Fields(batch[0]).size(), 2u);
  EXPECT_EQ(batch.Cleared(batch[0])[0], "z");
  EXPECT_TRUE(batch.Fields(batch[1]).empty());
  EXPECT_EQ(batch.Fields(batch[2])[0].value, "3");
  EXPECT_EQ(batch.bytes(), std::string("a"
                                       "x1"
                                       "y2"
                                       "z"
                                       "b"
                                       "c"
                                       "x3")
                               .size());
}

TEST(ChangeBatchTest, AppendKeepsTextsAndOrder) {
  ChangeBatch batch = BatchBuilder(1).Set("a", {{"x", "1"}}).Take();
  batch.Append(BatchBuilder(2).Set("b", {{"y", "2"}}, {"z"}).Take());
  batch.Append(BatchBuilder(3).Set("c", {{"x", std::string(100, 'v')}}).Take());
  const ChangeBatch moved = std::move(batch);
  ASSERT_EQ(moved.size(), 3u);
  EXPECT_EQ(moved[1].key, "b");
  EXPECT_EQ(moved.Fields(moved[1])[0].field, "y");
  EXPECT_EQ(moved.Cleared(moved[1])[0], "z");
  EXPECT_EQ(moved.Fields(moved[2])[0].value, std::string(100, 'v'));
}

TEST(ChangeBatchTest, GoesOnAfterAppend) {
  ChangeBatch batch = BatchBuilder(1).Set("a", {{"x", "1"}}).Take();
  batch.Append(BatchBuilder(2).Set("b", {{"y", "2"}}).Take());
  batch.AddField("z", "3");
  Change change;
  change.key = "c";
  batch.Add(change);
  EXPECT_EQ(batch.Fields(batch[2]).size(), 1u);
  EXPECT_EQ(batch.Fields(batch[2])[0].field, "z");
}

}  // namespace
}  // namespace regear

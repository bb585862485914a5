#include "module/removed_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace regear {
namespace {

using ::testing::Optional;
using ::testing::UnorderedElementsAre;

constexpr bool kInExec = true;
constexpr bool kOutsideExec = false;

TEST(RemovedFieldsTest, NamesTheFieldsOfTheCommandThatJustRan) {
  RemovedFields removed;
  removed.OnRemoval(1, "person:1", {"a", "b"});
  EXPECT_THAT(removed.Named("person:1", kOutsideExec),
              Optional(UnorderedElementsAre("a", "b")));
}

TEST(RemovedFieldsTest, KnowsNothingOfAnotherKey) {
  RemovedFields removed;
  removed.OnRemoval(1, "person:1", {"a"});
  EXPECT_EQ(removed.Named("person:2", kOutsideExec), std::nullopt);
}

TEST(RemovedFieldsTest, KnowsNothingWhenAFieldExpires) {
  RemovedFields removed;
  removed.OnRemoval(1, "person:1", {"a"});
  removed.OnOtherCommand();
  EXPECT_EQ(removed.Named("person:1", kOutsideExec), std::nullopt);
}

TEST(RemovedFieldsTest, JoinsTheQueuedRemovalsOfATransaction) {
  RemovedFields removed;
  removed.OnRemoval(1, "person:1", {"a"});
  removed.OnRemoval(1, "person:2", {"x"});
  removed.OnRemoval(1, "person:1", {"b"});
  removed.OnExec(1);
  EXPECT_THAT(removed.Named("person:1", kInExec),
              Optional(UnorderedElementsAre("a", "b")));
  EXPECT_THAT(removed.Named("person:2", kInExec),
              Optional(UnorderedElementsAre("x")));
}

TEST(RemovedFieldsTest, KeepsTheQueuesOfClientsApart) {
  RemovedFields removed;
  removed.OnRemoval(1, "person:1", {"a"});
  removed.OnRemoval(2, "person:1", {"b"});
  removed.OnExec(2);
  EXPECT_THAT(removed.Named("person:1", kInExec),
              Optional(UnorderedElementsAre("b")));
}

TEST(RemovedFieldsTest, ForgetsADiscardedTransaction) {
  RemovedFields removed;
  removed.OnRemoval(1, "person:1", {"a"});
  removed.Forget(1);
  removed.OnExec(1);
  EXPECT_EQ(removed.Named("person:1", kInExec), std::nullopt);
}

TEST(RemovedFieldsTest, AddsWhatAScriptInsideATransactionRemoves) {
  RemovedFields removed;
  removed.OnRemoval(1, "person:1", {"queued"});
  removed.OnExec(1);
  removed.OnRemoval(1, "person:1", {"scripted"});
  EXPECT_THAT(removed.Named("person:1", kInExec),
              Optional(UnorderedElementsAre("queued", "scripted")));
}

// What was dropped might have named any field, so nothing is known any more.
TEST(RemovedFieldsTest, AdmitsThatItKnowsNothingAfterTooManyFields) {
  RemovedFields removed;
  for (int i = 0; i < (1 << 16) + 1; ++i) {
    removed.OnRemoval(1, "person:" + std::to_string(i), {"a"});
  }
  removed.OnRemoval(1, "person:1", {"a"});
  removed.OnExec(1);
  EXPECT_EQ(removed.Named("person:1", kInExec), std::nullopt);
}

}  // namespace
}  // namespace regear

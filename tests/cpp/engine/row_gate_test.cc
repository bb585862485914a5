#include "engine/row_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "change/batch_builder.h"

namespace regear {
namespace {

const std::string kStream = "stream";

RowMapping Users() {
  RowMapping mapping;
  mapping.key_prefix = "users:";
  mapping.columns = {{"name", "name"}, {"city", "city"}};
  return mapping;
}

bool Never() { return false; }

// What a drain of `batch` is allowed to write, as "key op field=value …
// -field".
std::vector<std::string> Shown(RowGate* gate, ChangeBatch batch) {
  // Fields that the gate clears name the mapping's columns.
  const RowMapping mapping = Users();
  std::vector<Change> hidden;
  EXPECT_TRUE(gate->Enter(kStream, mapping, &batch, &hidden, Never));
  gate->Leave(kStream);
  std::vector<std::string> texts;
  for (const Change& change : batch.changes()) {
    std::string text(change.key);
    text += std::string(" ") + static_cast<char>(change.operation);
    for (const FieldValue& pair : batch.Fields(change)) {
      text += " " + std::string(pair.field) + "=" + std::string(pair.value);
    }
    for (const std::string_view field : batch.Cleared(change)) {
      text += " -" + std::string(field);
    }
    texts.push_back(text);
  }
  return texts;
}

using Texts = std::vector<std::string>;

class RowGateTest : public testing::Test {
 protected:
  RowGateTest() { gate_.Join(); }

  RowGate gate_;
};

TEST_F(RowGateTest, FieldsWrittenThroughSinceAreHidden) {
  gate_.Mark(BatchBuilder().Set("1", {{"name", "new"}}).Take(),
             {{kStream, {3, 0}}});
  const Texts expected = {"users:1 = city=x", "users:2 = name=b",
                          "users:1 = name=newer"};
  EXPECT_EQ(Shown(&gate_, BatchBuilder()
                              .Set("users:1", {{"name", "old"}, {"city", "x"}})
                              .Set("users:2", {{"name", "b"}})
                              .Set("users:1", {{"name", "old"}})
                              .Set("users:1", {{"name", "newer"}})
                              .Take()),
            expected);
}

TEST_F(RowGateTest, AnOlderDeleteClearsTheOtherColumns) {
  gate_.Mark(BatchBuilder().Set("1", {{"name", "new"}}).Take(),
             {{kStream, {5, 0}}});
  const Texts expected = {"users:1 = -city", "users:1 = city=y -city"};
  EXPECT_EQ(
      Shown(&gate_, BatchBuilder()
                        .Delete("users:1")
                        .Replace("users:1", {{"name", "n"}, {"city", "y"}})
                        .Take()),
      expected);
}

TEST_F(RowGateTest, NothingOlderThanADeleteShows) {
  gate_.Mark(BatchBuilder().Delete("1").Take(), {{kStream, {2, 0}}});
  EXPECT_EQ(Shown(&gate_, BatchBuilder()
                              .Set("users:1", {{"name", "old"}})
                              .Delete("users:1")
                              .Set("users:1", {{"name", "new"}})
                              .Take()),
            Texts{"users:1 = name=new"});
}

TEST_F(RowGateTest, MarksEndWhenTheirStreamHasPassed) {
  gate_.Mark(BatchBuilder().Set("1", {{"name", "new"}}).Take(),
             {{kStream, {2, 0}}});
  gate_.Passed(kStream, {2, 0});
  EXPECT_EQ(
      Shown(&gate_, BatchBuilder().Set("users:1", {{"name", "old"}}).Take()),
      Texts{"users:1 = name=old"});
}

TEST_F(RowGateTest, AMarkThatComesLateHidesNoLess) {
  const ChangeBatch group = BatchBuilder().Set("1", {{"name", "new"}}).Take();
  gate_.Mark(group, {{kStream, {2, 0}}});
  gate_.Mark(group, {{kStream, {1, 0}}});  // of the lane that was first
  EXPECT_EQ(Shown(&gate_, BatchBuilder()
                              .Set("users:1", {{"name", "old"}})
                              .Set("users:1", {{"name", "older than new"}})
                              .Take()),
            Texts());
}

TEST_F(RowGateTest, ADrainWaitsForTheRowsOfALane) {
  ASSERT_TRUE(gate_.Hold({"1"}, Never));
  std::atomic<bool> entered = false;
  std::thread drain([&] {
    ChangeBatch batch = BatchBuilder().Set("users:1", {{"name", "old"}}).Take();
    std::vector<Change> hidden;
    ASSERT_TRUE(gate_.Enter(kStream, Users(), &batch, &hidden, Never));
    entered = true;
    // The mark that was made before the release counts.
    EXPECT_TRUE(batch.empty());
    EXPECT_EQ(hidden.size(), 1U);
    gate_.Leave(kStream);
  });
  EXPECT_FALSE(entered);
  gate_.Mark(BatchBuilder().Set("1", {{"name", "new"}}).Take(),
             {{kStream, {9, 0}}});
  gate_.Release({"1"});
  drain.join();
  EXPECT_TRUE(entered);
}

TEST_F(RowGateTest, ALaneWaitsForTheRowsOfADrain) {
  ChangeBatch batch = BatchBuilder().Set("users:1", {{"name", "a"}}).Take();
  std::vector<Change> hidden;
  ASSERT_TRUE(gate_.Enter(kStream, Users(), &batch, &hidden, Never));
  EXPECT_TRUE(gate_.Hold({"2"}, Never));
  EXPECT_FALSE(gate_.Hold({"1"}, [] { return true; }));
  gate_.Leave(kStream);
  EXPECT_TRUE(gate_.Hold({"1"}, Never));
}

TEST(RowGateWithoutWritersTest, AWriterWaitsForBatchesThatItDidNotSee) {
  RowGate gate;
  ChangeBatch batch = BatchBuilder().Set("users:1", {{"name", "a"}}).Take();
  std::vector<Change> hidden;
  ASSERT_TRUE(gate.Enter(kStream, Users(), &batch, &hidden, Never));
  std::atomic<bool> left = false;
  std::thread writer([&] {
    gate.Join();
    EXPECT_TRUE(left);
  });
  left = true;
  gate.Leave(kStream);
  writer.join();
}

}  // namespace
}  // namespace regear

#include "engine/resume_point.h"

#include <gtest/gtest.h>

namespace regear {
namespace {

const std::vector<Epoch> kEpochs = {
    {1, "one", {0, 0}}, {2, "two", {100, 0}}, {3, "three", {200, 5}}};

Checkpoint At(uint64_t epoch, const std::string& id, Position position) {
  return {epoch, id, position, 1};
}

TEST(ResumePointTest, WithoutACheckpointEverythingIsWritten) {
  const ResumePoint resume = FindResumePoint(std::nullopt, kEpochs);
  EXPECT_EQ(resume.skip, Position());
  EXPECT_EQ(resume.lost_tail, "");
}

TEST(ResumePointTest, InThePresentEpochTheCheckpointCounts) {
  const ResumePoint resume = FindResumePoint(At(3, "three", {300, 0}), kEpochs);
  EXPECT_EQ(resume.skip, (Position{300, 0}));
  EXPECT_EQ(resume.lost_tail, "");
}

TEST(ResumePointTest, AnEarlierEpochCountsUpToItsEnd) {
  const ResumePoint resume = FindResumePoint(At(2, "two", {200, 5}), kEpochs);
  EXPECT_EQ(resume.skip, (Position{200, 5}));
  EXPECT_EQ(resume.lost_tail, "");
}

// The clock of the promoted replica was behind: its new changes may have ids
// below the checkpoint's, and they are not in the target.
TEST(ResumePointTest, BeyondTheEndOfItsEpochTheTailIsLost) {
  const ResumePoint resume = FindResumePoint(At(2, "two", {200, 6}), kEpochs);
  EXPECT_EQ(resume.skip, (Position{200, 5}));
  EXPECT_NE(resume.lost_tail.find("200-6"), std::string::npos);
}

TEST(ResumePointTest, AnUnknownEpochSkipsNothing) {
  const ResumePoint resume = FindResumePoint(At(4, "four", {150, 0}), kEpochs);
  EXPECT_EQ(resume.skip, Position());
  EXPECT_NE(resume.lost_tail, "");
}

TEST(ResumePointTest, ATargetThatHasAllThatItConfirmedLostNothing) {
  const ResumePoint resume =
      FindResumePoint(At(3, "three", {300, 0}), kEpochs, {300, 0});
  EXPECT_EQ(resume.skip, (Position{300, 0}));
  EXPECT_EQ(resume.lost_tail, "");
}

TEST(ResumePointTest, ATargetThatWentBackHasLostWhatIsNoLongerInTheStream) {
  const Position gone = {300, 0};
  const auto older = FindResumePoint(At(3, "three", {299, 9}), kEpochs, gone);
  EXPECT_EQ(older.skip, (Position{299, 9}));
  EXPECT_NE(older.lost_tail.find("299-9"), std::string::npos);
  const auto earlier = FindResumePoint(At(2, "two", {150, 0}), kEpochs, gone);
  EXPECT_EQ(earlier.skip, (Position{150, 0}));
  EXPECT_NE(earlier.lost_tail, "");
  const auto empty = FindResumePoint(std::nullopt, kEpochs, gone);
  EXPECT_EQ(empty.skip, Position());
  EXPECT_NE(empty.lost_tail.find("no checkpoint"), std::string::npos);
}

}  // namespace
}  // namespace regear

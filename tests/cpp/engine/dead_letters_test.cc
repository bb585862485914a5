// What becomes of changes that the target refuses.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "engine/worker_fixture.h"

namespace regear {
namespace {

using Lines = std::vector<std::string>;

class DeadLettersTest : public WorkerFixture {
 protected:
  Lines Dead() { return ledger_->On(Shelf::kDead); }
  Lines Parked() { return ledger_->On(Shelf::kParked); }
};

TEST_F(DeadLettersTest, ARefusedRowIsSetAsideAndTheOthersGoOn) {
  target_.RequireColumn("b");
  for (int i = 1; i <= 9; ++i) Set(std::to_string(i), {{"b", "x"}});
  Set("bad", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.rows().size(), 9u);
  EXPECT_EQ(Dead(), Lines{"p:bad: b must not be empty"});
  EXPECT_EQ(target_.checkpoint(), At(10));
}

TEST_F(DeadLettersTest, ANewerChangeThatIsInSettlesTheLetter) {
  target_.RequireColumn("b");
  Set("1", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(WaitFor([&] { return Dead().size() == 1; }));
  Set("2", {{"b", "z"}});
  Set("1", {{"a", "x"}, {"b", "y"}});
  ASSERT_TRUE(Drained());
  EXPECT_TRUE(Dead().empty());
  EXPECT_EQ(target_.rows().at("1"), (FakeTarget::Row{{"a", "x"}, {"b", "y"}}));
}

TEST_F(DeadLettersTest, LettersOfAnEarlierHostAreSettledToo) {
  target_.RequireColumn("b");
  Set("1", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(Drained());
  Set("1", {{"b", "y"}});
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_TRUE(Dead().empty());
}

TEST_F(DeadLettersTest, NothingIsTrimmedWhileALetterCannotBeKept) {
  target_.RequireColumn("b");
  ledger_->FailNext(8);
  Set("1", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(WaitFor([&] { return !last_error().empty(); }));
  EXPECT_EQ(StreamLength(), 1);
  ASSERT_TRUE(Drained());
  EXPECT_EQ(Dead().size(), 1u);
}

TEST_F(DeadLettersTest, ClientsHearWhatBecameOfTheirWrites) {
  target_.RequireColumn("b");
  Set("1", {{"b", "x"}}, false, "good");
  Set("2", {{"a", "x"}}, false, "bad");
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(ledger_->acks(),
            (Lines{"{p:1}good done", "{p:2}bad b must not be empty"}));
}

TEST_F(DeadLettersTest, AClientHearsOfAWriteThatWasInBeforeACrash) {
  target_.StoreCheckpoint(At(1));
  Set("1", {{"a", "x"}}, false, "again");
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.attempts(), 0);
  EXPECT_EQ(ledger_->acks(), Lines{"{p:1}again done"});
}

TEST_F(DeadLettersTest, AChildWaitsForItsParentAndHoldsNobodyUp) {
  target_.Refuse("child", StatusCode::kPark);
  Set("1", {{"a", "child"}});
  Set("2", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(WaitFor([&] { return target_.rows().contains("2"); }));
  EXPECT_EQ(Parked(), Lines{"p:1: child is refused"});
  Set("1", {{"b", "later"}});  // behind the one that waits
  ASSERT_TRUE(WaitFor([&] { return Parked().size() == 2; }));
  EXPECT_FALSE(target_.rows().contains("1"));
  target_.RequireNothing();  // the parent is there
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.rows().at("1"),
            (FakeTarget::Row{{"a", "child"}, {"b", "later"}}));
  EXPECT_TRUE(Parked().empty());
  EXPECT_TRUE(Dead().empty());
}

TEST_F(DeadLettersTest, ParkedChangesSurviveTheHost) {
  target_.Refuse("child", StatusCode::kPark);
  Set("1", {{"a", "child"}});
  StartWorker();
  ASSERT_TRUE(WaitFor([&] { return StreamLength() == 0; }));
  StopWorker();
  target_.RequireNothing();
  StartWorker();
  ASSERT_TRUE(WaitFor([&] { return target_.rows().contains("1"); }));
  EXPECT_TRUE(WaitFor([&] { return Parked().empty(); }));
}

TEST_F(DeadLettersTest, AnOrphanIsALetterOnceEveryWorkerHasPassed) {
  target_.Refuse("child", StatusCode::kPark);
  Set("1", {{"a", "child"}});
  StartWorker();
  ASSERT_TRUE(WaitFor([&] { return Parked().size() == 1; }));
  EXPECT_TRUE(Dead().empty());
  all_passed_ = true;
  ASSERT_TRUE(WaitFor([&] { return Dead().size() == 1; }));
  EXPECT_TRUE(WaitFor([&] { return Parked().empty(); }));
}

TEST_F(DeadLettersTest, AConflictIsTriedChangeByChange) {
  target_.Refuse("taken", StatusCode::kConflict);
  Set("1", {{"a", "x"}});
  Set("2", {{"a", "taken"}});
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.rows().size(), 1u);
  EXPECT_EQ(Dead(), Lines{"p:2: taken is refused"});
}

TEST_F(DeadLettersTest, AChangeThatTheTransformCannotStomachIsALetter) {
  spec_.transform = [](ChangeBatch* batch, size_t* culprit) {
    for (size_t i = 0; i < batch->size(); ++i) {
      *culprit = i;
      if ((*batch)[i].key == "p:bad") {
        return Status(StatusCode::kRetry, "ValueError: no");
      }
    }
    return Status::Ok();
  };
  Set("1", {{"a", "x"}});
  Set("bad", {{"a", "x"}});
  Set("2", {{"a", "x"}});
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_EQ(target_.rows().size(), 2u);
  EXPECT_EQ(Dead(), Lines{"p:bad: transform: ValueError: no"});
}

TEST_F(DeadLettersTest, ALostTailIsReconciled) {
  ledger_->SetEpochs({{1, "e1", {}}, {kEpoch, kEpochId, {1, 0}}});
  target_.StoreCheckpoint(Checkpoint{1, "e1", {2, 0}, kFence});
  Set("1", {{"a", "old"}});  // 1-0, in the target
  Set("2", {{"a", "new"}});  // 2-0 of a clock that is behind: another change
  StartWorker();
  ASSERT_TRUE(Drained());
  EXPECT_FALSE(target_.rows().contains("1"));
  EXPECT_TRUE(target_.rows().contains("2"));
  EXPECT_NE(ledger_->reconciling().find("2-0"), std::string::npos);
}

}  // namespace
}  // namespace regear

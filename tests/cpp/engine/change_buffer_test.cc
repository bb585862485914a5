#include "engine/change_buffer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "change/batch_builder.h"
#include "change/event_source.h"
#include "engine/stream_feeder.h"
#include "engine/wait_for.h"

namespace regear {
namespace {

using std::chrono::milliseconds;
using Clock = ChangeBuffer::Clock;

ChangeBatch MakeChunk(size_t changes, uint64_t first = 1) {
  BatchBuilder builder(first);
  for (size_t i = 0; i < changes; ++i) builder.Set("p:1", {{"a", "x"}});
  return builder.Take();
}

class ChangeBufferTest : public testing::Test {
 protected:
  ChangeBufferTest() {
    options_.batch = 3;
    options_.duration = std::chrono::hours(1);
    options_.max_batch = 10;
  }
  ChangeBuffer& Start() {
    buffer_.emplace(options_);
    buffer_->Seek({});
    ticket_ = buffer_->WaitForOrder()->ticket;
    return *buffer_;
  }
  ChangeBatch TakeNow() { return buffer_->Take(Clock::now()); }

  DrainOptions options_;
  std::optional<ChangeBuffer> buffer_;
  uint64_t ticket_ = 0;
};

TEST_F(ChangeBufferTest, ABatchOfChangesIsDueAtOnce) {
  Start().Push(MakeChunk(2), ticket_);
  buffer_->Push(MakeChunk(1, 3), ticket_);
  EXPECT_EQ(buffer_->Take(Clock::now() + std::chrono::hours(1)).size(), 3u);
}

TEST_F(ChangeBufferTest, FewerAreDueAfterTheDuration) {
  options_.duration = milliseconds(1);
  Start().Push(MakeChunk(1), ticket_);
  EXPECT_EQ(buffer_->Take(Clock::now() + std::chrono::hours(1)).size(), 1u);
}

TEST_F(ChangeBufferTest, EmptyIsReturnedAtTheDeadline) {
  Start();
  EXPECT_TRUE(TakeNow().empty());
}

TEST_F(ChangeBufferTest, WholeChunksUpToTheMaximumGoTogether) {
  Start();
  for (uint64_t i = 0; i < 4; ++i) {
    buffer_->Push(MakeChunk(4, 1 + 4 * i), ticket_);
  }
  EXPECT_EQ(TakeNow().size(), 8u);
  EXPECT_EQ(TakeNow().size(), 8u);
}

TEST_F(ChangeBufferTest, AChunkBeyondTheMaximumGoesAlone) {
  Start().Push(MakeChunk(25), ticket_);
  buffer_->Push(MakeChunk(1, 26), ticket_);
  EXPECT_EQ(TakeNow().size(), 25u);
}

TEST_F(ChangeBufferTest, ASeekDropsWhatWasReadBefore) {
  Start().Push(MakeChunk(4), ticket_);
  buffer_->Seek({9, 0});
  buffer_->Push(MakeChunk(4), ticket_);  // was being read at that time
  EXPECT_TRUE(TakeNow().empty());
  const auto order = buffer_->WaitForOrder();
  ASSERT_TRUE(order && order->seek);
  EXPECT_EQ(*order->seek, (Position{9, 0}));
  EXPECT_NE(order->ticket, ticket_);
}

TEST_F(ChangeBufferTest, DrainingMakesAnythingDue) {
  Start().Push(MakeChunk(1), ticket_);
  buffer_->StartDraining();
  EXPECT_EQ(buffer_->Take(Clock::now() + std::chrono::hours(1)).size(), 1u);
}

TEST_F(ChangeBufferTest, CloseWakesEverybody) {
  Start();
  std::thread taker([&] {
    EXPECT_TRUE(buffer_->Take(Clock::now() + std::chrono::hours(1)).empty());
  });
  std::thread pauser([&] { buffer_->PauseCommitter(std::chrono::hours(1)); });
  std::thread lingerer([&] { buffer_->Linger(std::chrono::hours(1)); });
  buffer_->Close();
  taker.join();
  pauser.join();
  lingerer.join();
  EXPECT_FALSE(buffer_->WaitForOrder());
  EXPECT_FALSE(buffer_->WaitUntilDrained(Clock::now() + milliseconds(1)));
}

// An endless source: whatever is asked for is there.
class EndlessSource : public EventSource {
 public:
  Status Seek(Position after) override {
    next_ = after.major + 1;
    return Status::Ok();
  }
  Result<ChangeBatch> Read(const ReadLimits& limits) override {
    ChangeBatch batch = MakeChunk(limits.max_changes, next_);
    next_ += limits.max_changes;
    delivered_ += limits.max_changes;
    return batch;
  }
  Status Ack(Position) override { return Status::Ok(); }
  Result<Backlog> GetBacklog() override { return Backlog{}; }

  size_t delivered() const { return delivered_; }

 private:
  uint64_t next_ = 1;
  std::atomic<size_t> delivered_ = 0;
};

TEST_F(ChangeBufferTest, AFullBufferStopsTheReader) {
  options_.max_batch = 500;
  WorkerStats stats;
  EndlessSource source;
  buffer_.emplace(options_);
  StreamFeeder feeder(options_, &source, &*buffer_, &stats);
  std::thread reader([&] { feeder.Run(); });
  buffer_->Seek({});
  EXPECT_TRUE(WaitFor([&] { return source.delivered() >= 500; }));
  Position last;
  for (int i = 0; i < 20; ++i) {
    const ChangeBatch batch =
        buffer_->Take(Clock::now() + std::chrono::hours(1));
    for (const Change& change : batch.changes()) {
      ASSERT_EQ(change.position.major, last.major + 1);
      last = change.position;
    }
    // One batch waiting, one read more, and what is being read.
    ASSERT_LE(source.delivered(), last.major + 3 * options_.max_batch);
  }
  buffer_->Close();
  reader.join();
}

}  // namespace
}  // namespace regear

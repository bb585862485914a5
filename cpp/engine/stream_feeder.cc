#include "engine/stream_feeder.h"

#include <algorithm>
#include <utility>

namespace regear {

namespace {

using std::chrono::milliseconds;

constexpr size_t kMaxReadCount = 1000;
constexpr size_t kFirstReadCount = 10;  // while the values' size is unknown
// A blocked read holds nothing up: it ends with the first change.
constexpr milliseconds kIdleWait{1000};
constexpr milliseconds kMaxLinger{250};

}  // namespace

StreamFeeder::StreamFeeder(const DrainOptions& options, EventSource* source,
                           ChangeBuffer* buffer, WorkerStats* stats)
    : options_(options),
      source_(source),
      buffer_(buffer),
      stats_(stats),
      backoff_(options.retry_interval) {}

void StreamFeeder::Run() {
  while (const auto order = buffer_->WaitForOrder()) {
    if (order->seek) {
      place_ = *order->seek;
      connected_ = false;
    }
    const Status status = Read(*order);
    if (status.ok()) {
      backoff_.Reset();
      continue;
    }
    connected_ = false;
    if (status.code() == StatusCode::kCancelled) continue;
    stats_->OnSource(status);
    buffer_->PauseReader(status.code() == StatusCode::kStop
                             ? options_.retry_interval
                             : backoff_.Next());
  }
}

Status StreamFeeder::Read(const ChangeBuffer::Order& order) {
  if (!connected_) {
    REGEAR_RETURN_IF_ERROR(source_->Seek(place_));
    connected_ = true;
    caught_up_ = false;
  }
  const size_t count = ReadCount();
  Result<ChangeBatch> read =
      source_->Read({count, caught_up_ ? kIdleWait : milliseconds(0)});
  if (!read.ok()) return read.status();
  stats_->OnSource(Status::Ok());
  const size_t got = read->size();
  if (got > 0) {
    place_ = read->changes().back().position;
    const double average =
        static_cast<double>(read->bytes()) / static_cast<double>(got);
    // Growing sizes count at once, shrinking ones slowly.
    bytes_per_change_ = std::max(average, 0.9 * bytes_per_change_);
  }
  buffer_->Push(*std::move(read), order.ticket);
  Gather(count, got);
  return Status::Ok();
}

size_t StreamFeeder::ReadCount() const {
  size_t count = std::min(kMaxReadCount, options_.max_batch);
  if (bytes_per_change_ == 0) return std::min(count, kFirstReadCount);
  const double fit =
      static_cast<double>(options_.max_batch_bytes) / 4 / bytes_per_change_;
  if (fit < static_cast<double>(count)) count = static_cast<size_t>(fit);
  return std::max<size_t>(count, 1);
}

void StreamFeeder::Gather(size_t asked, size_t got) {
  caught_up_ = got == 0;
  if (got == 0 || got >= asked) return;
  const milliseconds linger = std::min(options_.duration / 4, kMaxLinger);
  if (linger > milliseconds(0)) {
    buffer_->Linger(linger);
  } else {
    caught_up_ = true;
  }
}

}  // namespace regear

// The reading half of a drain worker.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "change/event_source.h"
#include "engine/backoff.h"
#include "engine/change_buffer.h"
#include "engine/worker_stats.h"

namespace regear {

// Reads ahead from a source into a buffer. After a failure it reconnects and
// goes on behind the last change it has passed on.
class StreamFeeder {
 public:
  // All of it must outlive the feeder.
  StreamFeeder(const DrainOptions& options, EventSource* source,
               ChangeBuffer* buffer, WorkerStats* stats);

  // Until the buffer is closed. The body of a thread.
  void Run();

 private:
  Status Read(const ChangeBuffer::Order& order);
  // How many changes to ask for, so that a read of large values stays within
  // the limit on bytes.
  size_t ReadCount() const;
  // Lets writes gather when they trickle in: otherwise the server would wake
  // us for each of them.
  void Gather(size_t asked, size_t got);

  const DrainOptions options_;
  EventSource* const source_;
  ChangeBuffer* const buffer_;
  WorkerStats* const stats_;

  Backoff backoff_;
  Position place_;  // of the last change passed on
  bool connected_ = false;
  bool caught_up_ = false;       // the last read found nothing
  double bytes_per_change_ = 0;  // of the changes read lately; 0: unknown
};

}  // namespace regear

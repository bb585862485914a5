// The seam between the engine and where changes come from.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/status.h"
#include "change/change.h"
#include "change/position.h"

namespace regear {

struct ReadLimits {
  size_t max_changes = 1000;
  // How long to wait for the first change; zero returns at once.
  std::chrono::milliseconds wait{0};
};

struct Backlog {
  uint64_t changes = 0;            // captured and not yet acknowledged
  std::optional<Position> oldest;  // of them
};

// An ordered source of changes that keeps each until it is acknowledged.
// Read and Seek belong to one thread; Ack and GetBacklog may be called from
// another one at the same time.
class EventSource {
 public:
  virtual ~EventSource() = default;

  // (Re)connects and continues behind `after`.
  virtual Status Seek(Position after) = 0;

  // The next changes in order; empty if none came in time. A batch never ends
  // inside a unit, so it may hold more than `max_changes`.
  virtual Result<ChangeBatch> Read(const ReadLimits& limits) = 0;

  // Everything up to `position` is in the target and may be forgotten.
  // kFenced if another host has taken over.
  virtual Status Ack(Position position) = 0;

  virtual Result<Backlog> GetBacklog() = 0;
};

}  // namespace regear

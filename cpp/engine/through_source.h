// How a lane talks to the module; protocol: docs/host-link.md.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "change/change.h"
#include "engine/host_link.h"
#include "engine/lease.h"
#include "engine/row_gate.h"
#include "redis/cancellation.h"
#include "redis/connection.h"

namespace regear {

// A group that the database has.
struct CommittedGroup {
  Position last;
  std::string token;
};

// Keeps its place across connections. Used by one thread.
class ThroughSource {
 public:
  // All pointers must outlive it.
  ThroughSource(HostLink* link, std::shared_ptr<const Lease> lease,
                const Cancellation* cancellation, std::string registration,
                size_t lane, size_t max_parts);

  // Tells the module of the group that was committed last and asks for the
  // next one, in one round trip. Empty if there is none for a while. After a
  // failure the same may be sent again.
  // `on_applied` is told at once where the streams stood before that group
  // was applied.
  using OnApplied = std::function<void(const StreamPositions& applied)>;
  Result<ChangeBatch> Exchange(const std::optional<CommittedGroup>& committed,
                               const OnApplied& on_applied);
  // The same without asking for more.
  Result<StreamPositions> Confirm(const CommittedGroup& committed);
  // Of the job whose last part is `id`.
  Status Refuse(Position id, std::string_view message);

 private:
  Status Connect();
  Result<ChangeBatch> Settle(const CommittedGroup& committed);
  void AppendRead(std::string_view command,
                  std::initializer_list<std::string_view> more);
  void AppendCommitted(const CommittedGroup& committed);
  Result<StreamPositions> ReadApplied();
  Status ReadOk();
  Result<ChangeBatch> ReadGroup();
  Status Fail(Status status);

  HostLink* const link_;
  const std::shared_ptr<const Lease> lease_;
  const Cancellation* const cancellation_;
  const std::string registration_;
  const std::string lane_;
  const std::string count_;
  const std::string fence_;
  std::unique_ptr<Connection> connection_;  // null: to be opened
  Position place_;                          // of the last part received
  // Change streams exist: the module confirms and hands over apart.
  bool apart_ = false;
};

}  // namespace regear

// Which fields a client asked to remove. The server's hdel event names none,
// so they are noted when the command passes the command filter and count once
// an event confirms that the command ran.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace regear {

// Main thread only. A command seen by the filter either runs at once (its
// event follows before any other command) or was queued by MULTI (its event
// comes inside EXEC); which of both is known only afterwards. Clients are
// told apart where the server says who they are (7.2), else all are client 0.
class RemovedFields {
 public:
  // A command that removes `fields` of `key` was filtered.
  void OnRemoval(uint64_t client, std::string_view key,
                 std::vector<std::string> fields);
  // Any other command was filtered: a removal still unconfirmed was queued.
  void OnOtherCommand() {
    if (last_is_open_) QueueLast();
  }
  void OnExec(uint64_t client);
  // The client's queue is empty from now on (MULTI, DISCARD, disconnect).
  void Forget(uint64_t client);

  // The fields named by the removals that may have caused the event now being
  // handled for `key`; nothing if it is unknown what was removed, because no
  // command did it (a field expired) or too much had been queued to be kept.
  // `in_exec`: the event comes from inside EXEC.
  std::optional<std::vector<std::string>> Named(std::string_view key,
                                                bool in_exec) const;

 private:
  using Fields = std::unordered_set<std::string>;
  struct Removal {
    uint64_t client = 0;
    std::string key;
    std::vector<std::string> fields;
  };

  void QueueLast();
  const Fields* Queued(std::string_view key) const;

  static constexpr size_t kMaxQueuedFields = 1 << 16;

  Removal last_;
  bool last_is_open_ = false;      // no other command was filtered since
  uint64_t executing_client_ = 0;  // whose EXEC was filtered last
  std::unordered_map<uint64_t, std::unordered_map<std::string, Fields>> queued_;
  size_t queued_fields_ = 0;
  bool overflowed_ = false;
};

}  // namespace regear

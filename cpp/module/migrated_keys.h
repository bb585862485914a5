// Which keys a client asked to MIGRATE. The server announces their departure
// as del, like a delete; but their rows stay, for the keys live on elsewhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace regear {

// Main thread only. Works as RemovedFields does: the command is seen by the
// filter, where it either runs at once or is queued by MULTI.
class MigratedKeys {
 public:
  void OnMigrate(uint64_t client, std::vector<std::string> keys);
  // Any other command was filtered: a MIGRATE still open was queued or found
  // no key, an EXEC is over.
  void OnOtherCommand() {
    if (!open_.empty() || executing_) [[unlikely]]
      Settle();
  }
  void OnExec(uint64_t client);
  // The client's queue is empty from now on (MULTI, DISCARD, disconnect).
  void Forget(uint64_t client);

  // Whether the del of `key` now being handled is that of a MIGRATE.
  bool Caused(std::string_view key, bool in_exec);

 private:
  using Keys = std::unordered_set<std::string>;

  void Settle();

  static constexpr size_t kMaxQueuedKeys = 1 << 16;

  Keys open_;
  uint64_t open_client_ = 0;
  bool executing_ = false;  // EXEC was filtered, and no command since
  uint64_t executing_client_ = 0;
  std::unordered_map<uint64_t, Keys> queued_;
};

}  // namespace regear

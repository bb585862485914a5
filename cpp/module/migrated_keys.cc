#include "module/migrated_keys.h"

#include <utility>

namespace regear {

void MigratedKeys::OnMigrate(uint64_t client, std::vector<std::string> keys) {
  OnOtherCommand();
  open_client_ = client;
  for (std::string& key : keys) open_.insert(std::move(key));
}

void MigratedKeys::OnExec(uint64_t client) {
  OnOtherCommand();
  executing_ = queued_.contains(client);
  executing_client_ = client;
}

void MigratedKeys::Forget(uint64_t client) {
  if (open_client_ == client) open_.clear();
  queued_.erase(client);
}

bool MigratedKeys::Caused(std::string_view key, bool in_exec) {
  if (open_.empty() && !executing_) return false;
  const std::string name(key);
  if (open_.erase(name) > 0) return true;
  return in_exec && executing_ && queued_[executing_client_].erase(name) > 0;
}

void MigratedKeys::Settle() {
  if (std::exchange(executing_, false)) queued_.erase(executing_client_);
  if (open_.empty()) return;
  Keys& keys = queued_[open_client_];
  if (keys.size() + open_.size() > kMaxQueuedKeys) keys.clear();
  keys.merge(open_);
  open_.clear();
}

}  // namespace regear

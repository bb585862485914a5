#include "module/removed_fields.h"

#include <utility>

namespace regear {

void RemovedFields::OnRemoval(uint64_t client, std::string_view key,
                              std::vector<std::string> fields) {
  OnOtherCommand();
  last_ = {client, std::string(key), std::move(fields)};
  last_is_open_ = true;
}

void RemovedFields::OnExec(uint64_t client) {
  OnOtherCommand();
  executing_client_ = client;
}

void RemovedFields::Forget(uint64_t client) {
  if (last_.client == client) last_is_open_ = false;
  const auto it = queued_.find(client);
  if (it == queued_.end()) return;
  for (const auto& [key, fields] : it->second) queued_fields_ -= fields.size();
  queued_.erase(it);
}

std::optional<std::vector<std::string>> RemovedFields::Named(
    std::string_view key, bool in_exec) const {
  std::vector<std::string> named;
  // Inside EXEC a script may run HDEL too: that one was filtered just now.
  const bool immediate = last_is_open_ && last_.key == key;
  if (immediate) named = last_.fields;
  if (in_exec) {
    const Fields* queued = Queued(key);
    if (overflowed_ || (queued == nullptr && !immediate)) return std::nullopt;
    if (queued != nullptr) {
      named.insert(named.end(), queued->begin(), queued->end());
    }
    return named;
  }
  if (!immediate) return std::nullopt;
  return named;
}

void RemovedFields::QueueLast() {
  last_is_open_ = false;
  if (queued_fields_ + last_.fields.size() > kMaxQueuedFields) {
    queued_.clear();
    queued_fields_ = 0;
    overflowed_ = true;
    return;
  }
  Fields& fields = queued_[last_.client][last_.key];
  for (std::string& field : last_.fields) {
    if (fields.insert(std::move(field)).second) ++queued_fields_;
  }
}

const RemovedFields::Fields* RemovedFields::Queued(std::string_view key) const {
  const auto client = queued_.find(executing_client_);
  if (client == queued_.end()) return nullptr;
  const auto it = client->second.find(std::string(key));
  return it == client->second.end() ? nullptr : &it->second;
}

}  // namespace regear

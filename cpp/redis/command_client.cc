#include "redis/command_client.h"

#include <unistd.h>

#include <utility>

namespace regear {

CommandClient::CommandClient(ConnectionOptions options)
    : options_(std::move(options)), process_(getpid()) {}

Result<std::vector<Reply>> CommandClient::Call(std::string_view commands,
                                               size_t count, bool keep) {
  Result<ConnectionPtr> taken = Take();
  REGEAR_RETURN_IF_ERROR(taken.status());
  ConnectionPtr connection = *std::move(taken);
  connection->AppendRaw(commands);
  REGEAR_RETURN_IF_ERROR(connection->Flush());
  std::vector<Reply> replies;
  replies.reserve(count);
  while (replies.size() < count) {
    Result<Reply> reply = connection->ReadReply();
    REGEAR_RETURN_IF_ERROR(reply.status());
    replies.push_back(*std::move(reply));
  }
  if (keep) GiveBack(std::move(connection));
  return replies;
}

void CommandClient::Close() {
  MutexLock lock(&mutex_);
  closed_ = true;
  idle_.clear();
}

// The one that was used last is the likeliest to be alive.
Result<CommandClient::ConnectionPtr> CommandClient::Take() {
  {
    MutexLock lock(&mutex_);
    ForgetAfterFork();
    while (!idle_.empty()) {
      ConnectionPtr connection = std::move(idle_.back());
      idle_.pop_back();
      if (!connection->IsStale()) return connection;
    }
  }
  return Connection::Open(options_);
}

void CommandClient::GiveBack(ConnectionPtr connection) {
  MutexLock lock(&mutex_);
  ForgetAfterFork();
  if (!closed_) idle_.push_back(std::move(connection));
}

void CommandClient::ForgetAfterFork() {
  if (process_ == getpid()) return;
  process_ = getpid();
  idle_.clear();
}

}  // namespace regear

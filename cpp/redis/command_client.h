// Commands of any number of threads to one server.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/thread_annotations.h"
#include "redis/connection.h"
#include "redis/reply.h"

namespace regear {

// Whoever calls has a connection alone until the replies are there: an idle
// one, or a new one. Safe to use from any thread; a process that was forked has
// connections of its own.
class CommandClient {
 public:
  explicit CommandClient(ConnectionOptions options);
  CommandClient(const CommandClient&) = delete;
  CommandClient& operator=(const CommandClient&) = delete;

  // Sends `count` commands, written by AppendCommand, at once and returns
  // their replies, error replies among them. Nothing is sent twice: after
  // kReconnect it is unknown what the server has run. `keep`: they leave the
  // connection as it was, others may use it.
  Result<std::vector<Reply>> Call(std::string_view commands, size_t count,
                                  bool keep = true);

  // Closes the idle connections; those at work go when they are done.
  void Close();

 private:
  using ConnectionPtr = std::unique_ptr<Connection>;

  Result<ConnectionPtr> Take();
  void GiveBack(ConnectionPtr connection);
  // Those that are idle in a child are its parent's.
  void ForgetAfterFork() REGEAR_REQUIRES(mutex_);

  const ConnectionOptions options_;
  Mutex mutex_;
  std::vector<ConnectionPtr> idle_ REGEAR_GUARDED_BY(mutex_);
  pid_t process_ REGEAR_GUARDED_BY(mutex_);
  bool closed_ REGEAR_GUARDED_BY(mutex_) = false;
};

}  // namespace regear

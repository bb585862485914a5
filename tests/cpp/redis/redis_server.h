// A private Redis server for a test.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "redis/connection.h"

namespace regear {

// In a temporary folder, on a Unix socket there and on no port. The program is
// $REDIS_SERVER, or redis-server from the PATH. Fails by throwing.
class RedisServer {
 public:
  // `arguments` are added to the command line. Every write is on disk before
  // it is acknowledged, so a kill loses nothing.
  explicit RedisServer(std::vector<std::string> arguments = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  void Kill();   // as kill -9
  void Start();  // again after Kill; returns when it answers
  // Stops it from answering, without closing connections.
  void Freeze();
  void Thaw();

  RedisUrl url() const;
  const std::string& folder() const { return folder_; }

  // A command on a connection of its own.
  Reply Run(std::vector<std::string_view> args);
  std::unique_ptr<Connection> Connect();

 private:
  std::string folder_;
  std::vector<std::string> arguments_;
  pid_t process_ = 0;
};

}  // namespace regear

// Where a Redis server is and who connects to it.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace regear {

// url := "redis://" [userinfo "@"] host [":" port] ["/" ["0"]]
//      | "unix://" [userinfo "@"] path
// userinfo := [user] ":" password | user
// User, password and path may be percent-encoded; an IPv6 host stands in
// brackets.
struct RedisUrl {
  std::string host;  // empty: `path` is a Unix socket
  int port = 6379;
  std::string path;
  std::string user;
  std::string password;

  static Result<RedisUrl> Parse(std::string_view text);

  // Of a host that the server has started by itself: `password` is the secret
  // that it was handed. Modules have no say in AUTH before Redis 7.2.
  static constexpr std::string_view kSpawnedUser = "regear-host";
  bool is_spawned() const { return user == kSpawnedUser; }

  // For messages and logs: without user and password.
  std::string ToString() const;
};

}  // namespace regear

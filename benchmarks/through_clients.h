// Connections of a load's clients: a request is sent, and the reply is taken
// once the socket is readable. One thread serves many of them.
#pragma once

#include <hiredis/hiredis.h>
#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// "" or what the server complains of.
using Outcome = std::string;

class RedisClient {
 public:
  explicit RedisClient(int port);

  int fd() const { return context_->fd; }
  void Send(const std::vector<std::string>& command);
  // Nothing while the reply has not arrived.
  std::optional<Outcome> Receive();
  // Sends, and waits for the reply.
  Outcome Call(const std::vector<std::string>& command);

 private:
  struct Deleter {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  std::unique_ptr<redisContext, Deleter> context_;
};

// Upserts users by one prepared statement, which is its own transaction.
class PostgresClient {
 public:
  PostgresClient(const std::string& conninfo, const std::string& upsert);

  int fd() const { return PQsocket(connection_.get()); }
  // With `id` and `n` as the statement's parameters.
  void Send(const std::string& id, const std::string& n);
  std::optional<Outcome> Receive();

 private:
  struct Deleter {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  std::unique_ptr<PGconn, Deleter> connection_;
};

}  // namespace bench

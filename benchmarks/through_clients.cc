#include "through_clients.h"

#include <fcntl.h>
#include <poll.h>

#include <array>
#include <stdexcept>

namespace bench {

RedisClient::RedisClient(int port) : context_(redisConnect("127.0.0.1", port)) {
  if (context_ == nullptr || context_->err) {
    throw std::runtime_error("cannot connect to Redis");
  }
  fcntl(fd(), F_SETFL, fcntl(fd(), F_GETFL) | O_NONBLOCK);
  context_->flags &= ~REDIS_BLOCK;
}

void RedisClient::Send(const std::vector<std::string>& command) {
  std::vector<const char*> words;
  std::vector<size_t> lengths;
  for (const std::string& word : command) {
    words.push_back(word.data());
    lengths.push_back(word.size());
  }
  redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()),
                         words.data(), lengths.data());
  for (int done = 0; !done;) {
    if (redisBufferWrite(context_.get(), &done) != REDIS_OK) {
      throw std::runtime_error(context_->errstr);
    }
  }
}

std::optional<Outcome> RedisClient::Receive() {
  void* parsed = nullptr;
  if (redisBufferRead(context_.get()) != REDIS_OK ||
      redisGetReplyFromReader(context_.get(), &parsed) != REDIS_OK) {
    throw std::runtime_error(context_->errstr);
  }
  if (parsed == nullptr) return std::nullopt;
  const auto* reply = static_cast<redisReply*>(parsed);
  Outcome outcome;
  if (reply->type == REDIS_REPLY_ERROR) outcome.assign(reply->str, reply->len);
  freeReplyObject(parsed);
  return outcome;
}

Outcome RedisClient::Call(const std::vector<std::string>& command) {
  Send(command);
  for (;;) {
    pollfd readable = {fd(), POLLIN, 0};
    poll(&readable, 1, -1);
    if (std::optional<Outcome> outcome = Receive()) return *outcome;
  }
}

PostgresClient::PostgresClient(const std::string& conninfo,
                               const std::string& upsert)
    : connection_(PQconnectdb(conninfo.c_str())) {
  PGconn* connection = connection_.get();
  if (PQstatus(connection) != CONNECTION_OK) {
    throw std::runtime_error(PQerrorMessage(connection));
  }
  PGresult* result =
      PQprepare(connection, "upsert", upsert.c_str(), 0, nullptr);
  const bool prepared = PQresultStatus(result) == PGRES_COMMAND_OK;
  PQclear(result);
  if (!prepared) throw std::runtime_error(PQerrorMessage(connection));
  PQsetnonblocking(connection, 1);
}

void PostgresClient::Send(const std::string& id, const std::string& n) {
  const std::array<const char*, 2> values = {id.c_str(), n.c_str()};
  PGconn* connection = connection_.get();
  if (PQsendQueryPrepared(connection, "upsert", 2, values.data(), nullptr,
                          nullptr, 0) == 0) {
    throw std::runtime_error(PQerrorMessage(connection));
  }
  while (PQflush(connection) == 1) {
  }
}

std::optional<Outcome> PostgresClient::Receive() {
  PGconn* connection = connection_.get();
  if (PQconsumeInput(connection) == 0) {
    throw std::runtime_error(PQerrorMessage(connection));
  }
  if (PQisBusy(connection)) return std::nullopt;
  Outcome outcome;
  while (PGresult* result = PQgetResult(connection)) {
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
      outcome = PQresultErrorMessage(result);
    }
    PQclear(result);
  }
  return outcome;
}

}  // namespace bench

#include "redis/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>

namespace regear {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kReceiveBytes = 64 * 1024;
// The parser keeps a buffer of up to this size between replies.
constexpr size_t kParserBufferBytes = 1024 * 1024;

void AppendNumber(char sign, size_t number, std::string* out) {
  char digits[24];
  const auto end =
      std::to_chars(std::begin(digits), std::end(digits), number).ptr;
  out->push_back(sign);
  out->append(digits, end);
  out->append("\r\n");
}

RedisContextPtr StartConnecting(const RedisUrl& url) {
  return RedisContextPtr(
      url.host.empty() ? redisConnectUnixNonBlock(url.path.c_str())
                       : redisConnectNonBlock(url.host.c_str(), url.port));
}

int SocketError(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

// Some proxies repeat the arguments of a command in their error.
std::string WithoutSecret(std::string text, const std::string& secret) {
  for (size_t at;
       !secret.empty() && (at = text.find(secret)) != std::string::npos;) {
    text.replace(at, secret.size(), "…");
  }
  return text;
}

}  // namespace

void AppendCommand(CommandArgs args, std::string* out) {
  AppendNumber('*', args.size(), out);
  for (std::string_view arg : args) {
    AppendNumber('$', arg.size(), out);
    out->append(arg);
    out->append("\r\n");
  }
}

Connection::Connection(RedisContextPtr context,
                       const ConnectionOptions& options)
    : context_(std::move(context)),
      name_(options.url.ToString()),
      reply_timeout_(options.reply_timeout),
      cancellation_(options.cancellation),
      incoming_(kReceiveBytes) {
  context_->reader->maxbuf = kParserBufferBytes;
}

Result<std::unique_ptr<Connection>> Connection::Open(
    const ConnectionOptions& options) {
  RedisContextPtr context = StartConnecting(options.url);
  if (context == nullptr) {
    return Status(StatusCode::kReconnect, "out of memory while connecting");
  }
  const std::string failure = context->err != 0 ? context->errstr : "";
  std::unique_ptr<Connection> connection(
      new Connection(std::move(context), options));
  if (!failure.empty()) return connection->Lost(failure);
  const Deadline deadline = steady_clock::now() + options.connect_timeout;
  REGEAR_RETURN_IF_ERROR(connection->WaitFor(POLLOUT, deadline));
  const int fd = connection->context_->fd;
  if (const int error = SocketError(fd); error != 0) {
    return connection->Lost(std::strerror(error));
  }
  if (!options.url.host.empty() &&
      redisEnableKeepAlive(connection->context_.get()) != REDIS_OK) {
    return connection->Lost(connection->context_->errstr);
  }
  REGEAR_RETURN_IF_ERROR(connection->Authenticate(options.url));
  return connection;
}

Status Connection::Authenticate(const RedisUrl& url) {
  if (url.user.empty() && url.password.empty()) return Status::Ok();
  // By name: a server whose default user has no password (yet) refuses
  // AUTH <password>, but not this.
  const std::string_view user =
      url.user.empty() ? "default" : std::string_view(url.user);
  const Result<Reply> reply = url.is_spawned()
                                  ? Call({"RG.HOSTAUTH", url.password})
                                  : Call({"AUTH", user, url.password});
  if (reply.ok()) return Status::Ok();
  const Status status = reply.status();
  // Before Redis 6 a wrong password is a plain ERR.
  const StatusCode code =
      status.code() == StatusCode::kInvalid ? StatusCode::kStop : status.code();
  return Status(code, WithoutSecret(status.message(), url.password),
                status.hint())
      .Annotate("authentication at " + name_);
}

Result<Reply> Connection::Call(CommandArgs args, milliseconds blocks) {
  Append(args);
  REGEAR_RETURN_IF_ERROR(Flush());
  Result<Reply> reply = ReadReply(blocks);
  if (reply.ok() && reply->view().is_error()) {
    return StatusOfErrorReply(reply->view().text());
  }
  return reply;
}

// hiredis would write(2), which raises SIGPIPE in threads that are not ours.
Status Connection::Flush() {
  const Deadline deadline = steady_clock::now() + reply_timeout_;
  size_t sent = 0;
  while (sent < outgoing_.size()) {
    const ssize_t n = send(context_->fd, outgoing_.data() + sent,
                           outgoing_.size() - sent, MSG_NOSIGNAL);
    if (n >= 0) {
      sent += static_cast<size_t>(n);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      REGEAR_RETURN_IF_ERROR(WaitFor(POLLOUT, deadline));
    } else if (errno != EINTR) {
      return Lost(std::strerror(errno));
    }
  }
  outgoing_.clear();
  return Status::Ok();
}

Result<Reply> Connection::ReadReply(milliseconds blocks) {
  Result<void*> object = ReadObject(reply_timeout_ + blocks);
  if (!object.ok()) return object.status();
  return Reply(RedisReplyPtr(static_cast<redisReply*>(*object)));
}

Result<void*> Connection::ReadReplyThrough(redisReplyObjectFunctions* functions,
                                           void* privdata,
                                           milliseconds blocks) {
  redisReader* reader = context_->reader;
  redisReplyObjectFunctions* const usual = reader->fn;
  reader->fn = functions;
  reader->privdata = privdata;
  Result<void*> object = ReadObject(reply_timeout_ + blocks);
  if (object.ok()) {
    reader->fn = usual;
    reader->privdata = nullptr;
  } else {
    // What the parser holds half-built belongs to `functions`.
    reader->reply = nullptr;
    reader->fn = usual;
  }
  return object;
}

Result<void*> Connection::ReadObject(milliseconds timeout) {
  while (true) {
    void* object = nullptr;
    if (redisReaderGetReply(context_->reader, &object) != REDIS_OK) {
      return Lost(context_->reader->errstr);
    }
    if (object != nullptr) return object;
    REGEAR_RETURN_IF_ERROR(Receive(steady_clock::now() + timeout));
    timeout = reply_timeout_;  // the reply has begun: nothing blocks any more
  }
}

// After a read that did not fill the buffer there is nothing yet: to ask for
// it would be a system call in vain.
Status Connection::Receive(Deadline deadline) {
  if (!more_) REGEAR_RETURN_IF_ERROR(WaitFor(POLLIN, deadline));
  while (true) {
    const ssize_t n = recv(context_->fd, incoming_.data(), incoming_.size(), 0);
    if (n > 0) {
      more_ = static_cast<size_t>(n) == incoming_.size();
      const int fed = redisReaderFeed(context_->reader, incoming_.data(),
                                      static_cast<size_t>(n));
      return fed == REDIS_OK ? Status::Ok() : Lost(context_->reader->errstr);
    }
    if (n == 0) return Lost("the server closed the connection");
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      REGEAR_RETURN_IF_ERROR(WaitFor(POLLIN, deadline));
    } else if (errno != EINTR) {
      return Lost(std::strerror(errno));
    }
  }
}

bool Connection::IsStale() const {
  pollfd waiter = {context_->fd, POLLIN, 0};
  return poll(&waiter, 1, 0) != 0;
}

Status Connection::WaitFor(short events, Deadline deadline) {
  pollfd waiters[2] = {{context_->fd, events, 0}, {-1, POLLIN, 0}};
  if (cancellation_ != nullptr) waiters[1].fd = cancellation_->fd();
  while (true) {
    const auto left =
        std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) return Lost("no answer in time");
    const auto longest = std::min<milliseconds::rep>(left.count(), INT_MAX);
    const int ready = poll(waiters, 2, static_cast<int>(longest));
    if (ready < 0 && errno != EINTR) return Lost(std::strerror(errno));
    if (ready <= 0) continue;
    if (waiters[1].revents != 0) {
      return Status(StatusCode::kCancelled, "shutting down");
    }
    return Status::Ok();
  }
}

Status Connection::Lost(std::string_view why) const {
  return Status(StatusCode::kReconnect, name_ + ": " + std::string(why));
}

}  // namespace regear

// One connection to a Redis server, over hiredis.
#pragma once

#include <hiredis/hiredis.h>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "redis/cancellation.h"
#include "redis/reply.h"
#include "redis/url.h"

namespace regear {

struct ConnectionOptions {
  RedisUrl url;
  // For connecting and authenticating together.
  std::chrono::milliseconds connect_timeout{3000};
  // Until a reply has arrived completely, counted from the last byte. A
  // blocking command adds what it blocks.
  std::chrono::milliseconds reply_timeout{5000};
  // Ends all waits early; may be null. Must outlive the connection.
  const Cancellation* cancellation = nullptr;
};

struct RedisContextDeleter {
  void operator()(redisContext* context) const { redisFree(context); }
};
using RedisContextPtr = std::unique_ptr<redisContext, RedisContextDeleter>;

// Arguments of a command; any bytes.
using CommandArgs = std::span<const std::string_view>;

// Appends a command as it is sent, an array of bulk strings.
void AppendCommand(CommandArgs args, std::string* out);

// Used by one thread at a time. After a kReconnect or kCancelled status the
// connection is of no use any more: open a new one. Passwords never appear in
// messages.
class Connection {
 public:
  // Connects (TCP with keepalive) and authenticates.
  static Result<std::unique_ptr<Connection>> Open(
      const ConnectionOptions& options);

  // Sends a command and waits for its reply. An error reply is returned as
  // the Status that StatusOfErrorReply makes of it. `blocks` is how long the
  // server itself may hold the reply back.
  Result<Reply> Call(CommandArgs args, std::chrono::milliseconds blocks = {});
  Result<Reply> Call(std::initializer_list<std::string_view> args,
                     std::chrono::milliseconds blocks = {}) {
    return Call(CommandArgs(args.begin(), args.size()), blocks);
  }

  // Pipelining: any number of Append, one Flush, one ReadReply for each.
  void Append(CommandArgs args) { AppendCommand(args, &outgoing_); }
  void Append(std::initializer_list<std::string_view> args) {
    Append(CommandArgs(args.begin(), args.size()));
  }
  // `commands` were written by AppendCommand.
  void AppendRaw(std::string_view commands) { outgoing_.append(commands); }
  Status Flush();
  // The next reply, error replies included.
  Result<Reply> ReadReply(std::chrono::milliseconds blocks = {});

  // Reads the next reply through `functions`, whose read tasks carry
  // `privdata`, instead of building a tree; returns the root object.
  Result<void*> ReadReplyThrough(redisReplyObjectFunctions* functions,
                                 void* privdata,
                                 std::chrono::milliseconds blocks);

  // Whether the server has closed it, or has said what nobody asked for. For a
  // connection that waits for no reply.
  bool IsStale() const;

  // The parser, for functions that need to know how deep a task is.
  const redisReader* reader() const { return context_->reader; }

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  Connection(RedisContextPtr context, const ConnectionOptions& options);

  Status Authenticate(const RedisUrl& url);
  Result<void*> ReadObject(std::chrono::milliseconds timeout);
  Status Receive(Deadline deadline);
  // Waits until the socket is ready for `events` (of poll(2)).
  Status WaitFor(short events, Deadline deadline);
  Status Lost(std::string_view why) const;

  RedisContextPtr context_;
  const std::string name_;  // of the server, for messages
  const std::chrono::milliseconds reply_timeout_;
  const Cancellation* const cancellation_;
  std::string outgoing_;
  std::vector<char> incoming_;
  bool more_ = false;  // the last read filled `incoming_`
};

}  // namespace regear

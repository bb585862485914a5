// Replies of the server.
#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace regear {

// A view of a reply or of an element of one; valid as long as the Reply.
class ReplyView {
 public:
  explicit ReplyView(const redisReply* reply) : reply_(reply) {}

  bool is_nil() const { return reply_->type == REDIS_REPLY_NIL; }
  bool is_error() const { return reply_->type == REDIS_REPLY_ERROR; }
  bool is_integer() const { return reply_->type == REDIS_REPLY_INTEGER; }
  bool is_array() const { return reply_->type == REDIS_REPLY_ARRAY; }
  bool is_string() const {
    return reply_->type == REDIS_REPLY_STRING ||
           reply_->type == REDIS_REPLY_STATUS;
  }

  // Of a string, status or error; empty for anything else.
  std::string_view text() const {
    return is_string() || is_error()
               ? std::string_view(reply_->str, reply_->len)
               : std::string_view();
  }
  // Of an integer, or of text that is one; 0 for anything else.
  long long integer() const;

  // Elements of an array; none for anything else.
  size_t size() const { return is_array() ? reply_->elements : 0; }
  ReplyView operator[](size_t i) const { return ReplyView(reply_->element[i]); }

 private:
  const redisReply* reply_;
};

struct RedisReplyDeleter {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using RedisReplyPtr = std::unique_ptr<redisReply, RedisReplyDeleter>;

// Owns a reply; use it through its view().
class Reply {
 public:
  explicit Reply(RedisReplyPtr reply) : reply_(std::move(reply)) {}
  ReplyView view() const { return ReplyView(reply_.get()); }

 private:
  RedisReplyPtr reply_;
};

// What an error reply such as "READONLY You can't write …" means for the
// caller, by its first word.
Status StatusOfErrorReply(std::string_view text);

}  // namespace regear

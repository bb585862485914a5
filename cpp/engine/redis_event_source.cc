#include "engine/redis_event_source.h"

#include <utility>

namespace regear {

RedisEventSource::RedisEventSource(ConnectionOptions options,
                                   std::string stream, StreamControl control,
                                   CommitAfter commit_after)
    : options_(std::move(options)),
      stream_(std::move(stream)),
      control_(std::move(control)),
      commit_after_(commit_after),
      reader_(stream_, control_.confirm) {}

Status RedisEventSource::Seek(Position after) {
  connection_.reset();
  reader_.Seek(after);
  auto connection = control_.open ? control_.open(options_.cancellation)
                                  : Connection::Open(options_);
  if (!connection.ok()) return connection.status();
  connection_ = *std::move(connection);
  return Status::Ok();
}

Result<ChangeBatch> RedisEventSource::Read(const ReadLimits& limits) {
  if (connection_ == nullptr) {
    return Status(StatusCode::kReconnect, "not connected to Redis");
  }
  Result<ChangeBatch> batch = reader_.Read(connection_.get(), limits);
  if (commit_after_ == CommitAfter::kReceived || !batch.ok() ||
      batch->empty()) {
    return batch;
  }
  REGEAR_RETURN_IF_ERROR(WaitUntilSafe());
  return batch;
}

// WAIT and WAITAOF cover what this client has seen: a read that blocked does
// not count, so a command that never blocks goes before them.
Status RedisEventSource::WaitUntilSafe() {
  constexpr std::chrono::milliseconds kWait{1000};
  const bool fsync = commit_after_ == CommitAfter::kFsync;
  connection_->Append({"PING"});
  if (fsync) {
    connection_->Append({"WAITAOF", "1", "0", "1000"});
  } else {
    connection_->Append({"WAIT", "1", "1000"});
  }
  REGEAR_RETURN_IF_ERROR(connection_->Flush());
  const auto pong = connection_->ReadReply();
  if (!pong.ok()) return pong.status();
  const auto reply = connection_->ReadReply(kWait);
  if (!reply.ok()) return reply.status();
  if (reply->view().is_error()) {
    return Status(StatusCode::kStop, std::string(reply->view().text()),
                  "commitAfter='fsync' needs Redis 7.2 and appendonly yes");
  }
  const ReplyView count =
      fsync && reply->view().size() > 0 ? reply->view()[0] : reply->view();
  if (count.integer() >= 1) return Status::Ok();
  return Status(StatusCode::kRetry,
                fsync ? "the changes are not on Redis's disk yet"
                      : "no replica of Redis has the changes yet",
                fsync ? "" : "commitAfter='replica' needs a connected replica");
}

Status RedisEventSource::Ack(Position position) {
  return control_.trim(stream_, position);
}

Result<Backlog> RedisEventSource::GetBacklog() {
  return control_.backlog(stream_);
}

Result<Backlog> ReadBacklog(Connection* connection, const std::string& stream) {
  connection->Append({"XLEN", stream});
  connection->Append({"XRANGE", stream, "-", "+", "COUNT", "1"});
  REGEAR_RETURN_IF_ERROR(connection->Flush());
  const Result<Reply> length = connection->ReadReply();
  if (!length.ok()) return length.status();
  const Result<Reply> first = connection->ReadReply();
  if (!first.ok()) return first.status();
  for (const Reply* reply : {&*length, &*first}) {
    if (reply->view().is_error()) {
      return StatusOfErrorReply(reply->view().text());
    }
  }
  Backlog backlog;
  backlog.changes = static_cast<uint64_t>(length->view().integer());
  if (first->view().size() > 0) {
    backlog.oldest = Position::Parse(first->view()[0][0].text());
  }
  return backlog;
}

}  // namespace regear

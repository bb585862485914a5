#include "engine/redis_event_source.h"

#include <utility>

namespace regear {

RedisEventSource::RedisEventSource(ConnectionOptions options,
                                   std::string stream, StreamControl control)
    : options_(std::move(options)),
      stream_(std::move(stream)),
      control_(std::move(control)),
      reader_(stream_) {}

Status RedisEventSource::Seek(Position after) {
  connection_.reset();
  reader_.Seek(after);
  auto connection = Connection::Open(options_);
  if (!connection.ok()) return connection.status();
  connection_ = *std::move(connection);
  return Status::Ok();
}

Result<ChangeBatch> RedisEventSource::Read(const ReadLimits& limits) {
  if (connection_ == nullptr) {
    return Status(StatusCode::kReconnect, "not connected to Redis");
  }
  return reader_.Read(connection_.get(), limits);
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

#include "redis/stream_reader.h"

#include <algorithm>
#include <utility>

#include "redis/stream_decoder.h"

namespace regear {

using std::chrono::milliseconds;

void StreamReader::Seek(Position after) {
  place_ = after;
  pending_ = ChangeBatch();
  pending_full_ = false;
}

Result<ChangeBatch> StreamReader::Read(Connection* connection,
                                       const ReadLimits& limits) {
  const size_t count = std::max<size_t>(limits.max_changes, 1);
  if (pending_.empty()) {
    REGEAR_RETURN_IF_ERROR(Fetch(connection, count, limits.wait, nullptr));
  }
  ChangeBatch batch = std::exchange(pending_, {});
  while (pending_full_) {
    const Status status = Fetch(connection, count, milliseconds(0), &batch);
    if (status.code() == StatusCode::kStop) {
      pending_full_ = false;  // the next Read says so, with nothing before it
    } else if (!status.ok()) {
      pending_ = std::move(batch);
      return status;
    }
    if (!pending_.empty()) break;  // pending_ begins with a new unit
  }
  return batch;
}

Status StreamReader::Fetch(Connection* connection, size_t count,
                           milliseconds wait, ChangeBatch* continued) {
  AppendRead(connection, count, wait);
  REGEAR_RETURN_IF_ERROR(connection->Flush());
  ChangeBatch first, second;
  StreamDecoder decoder(connection->reader(), &first,
                        continued != nullptr ? &second : nullptr);
  const auto root =
      connection->ReadReplyThrough(StreamDecoder::Functions(), &decoder, wait);
  if (!root.ok()) return root.status();
  REGEAR_RETURN_IF_ERROR(Confirm(connection));
  const Status status = decoder.Finish();
  // Changes before a malformed entry count; the next fetch meets it first.
  if (!status.ok() && decoder.entries() == 0) {
    return status.Annotate("stream " + stream_);
  }
  if (decoder.entries() > 0) place_ = decoder.last();
  pending_full_ = decoder.entries() == count;
  if (continued != nullptr) {
    continued->Append(std::move(first));
    pending_ = std::move(second);
  } else {
    pending_ = std::move(first);
  }
  return Status::Ok();
}

void StreamReader::AppendRead(Connection* connection, size_t count,
                              milliseconds wait) const {
  const std::string count_text = std::to_string(count);
  const std::string place = place_.ToString();
  if (wait.count() > 0) {  // BLOCK 0 would wait for ever
    const std::string wait_text = std::to_string(wait.count());
    connection->Append({"XREAD", "COUNT", count_text, "BLOCK", wait_text,
                        "STREAMS", stream_, place});
  } else {
    connection->Append(
        {"XREAD", "COUNT", count_text, "STREAMS", stream_, place});
  }
  if (confirm_.empty()) return;
  connection->Append(
      std::vector<std::string_view>(confirm_.begin(), confirm_.end()));
}

Status StreamReader::Confirm(Connection* connection) const {
  if (confirm_.empty()) return Status::Ok();
  const auto reply = connection->ReadReply();
  if (!reply.ok()) return reply.status();
  return reply->view().is_error() ? StatusOfErrorReply(reply->view().text())
                                  : Status::Ok();
}

}  // namespace regear

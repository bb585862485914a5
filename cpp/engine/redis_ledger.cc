#include "engine/redis_ledger.h"

#include <chrono>
#include <string_view>
#include <utility>

#include "base/unix_time.h"
#include "redis/stream_reader.h"

namespace regear {

namespace {

constexpr size_t kReadAtOnce = 1000;

std::string_view ShelfName(Shelf shelf) {
  return shelf == Shelf::kDead ? "dead" : "parked";
}

std::string_view OperationText(const Operation& operation) {
  return {reinterpret_cast<const char*>(&operation), 1};
}

}  // namespace

RedisLedger::RedisLedger(HostLink* link, std::shared_ptr<const Lease> lease,
                         ConnectionOptions options, LedgerNames names)
    : link_(link),
      lease_(std::move(lease)),
      options_(std::move(options)),
      names_(std::move(names)) {}

// An entry of a change stream, so that parked changes are read like those,
// with the reason among its fields.
Result<std::string> RedisLedger::Put(Shelf shelf, const SetAside& change) {
  const std::string id = change.change.ToString();
  const std::string now = std::to_string(UnixMilliseconds());
  std::vector<std::string_view> args = {names_.registration,
                                        ShelfName(shelf),
                                        id,
                                        "_original_key",
                                        change.key,
                                        "_event",
                                        change.event,
                                        "#",
                                        OperationText(change.operation)};
  if (!change.ack.empty()) args.insert(args.end(), {"_uuid", change.ack});
  for (const std::string& field : change.cleared) {
    args.insert(args.end(), {"_clear", field});
  }
  args.insert(args.end(), {"_id", id, "_error", change.error, "_code",
                           change.code, "_at", now});
  for (const auto& [field, value] : change.fields) {
    args.insert(args.end(), {field, value});
  }
  const auto reply = link_->Ask(*lease_, "DEAD", args);
  if (!reply.ok()) return reply.status();
  return std::string(reply->view().text());
}

Status RedisLedger::Remove(Shelf shelf, const std::vector<std::string>& ids) {
  if (ids.empty()) return Status::Ok();
  std::vector<std::string_view> args = {names_.registration, ShelfName(shelf)};
  args.insert(args.end(), ids.begin(), ids.end());
  return link_->Ask(*lease_, "CLOSE", args).status();
}

Result<ChangeBatch> RedisLedger::Read(Shelf shelf, Position after) {
  const std::string& stream =
      shelf == Shelf::kDead ? names_.dead : names_.parked;
  if (stream.empty()) return ChangeBatch();
  auto connection = Connection::Open(options_);
  if (!connection.ok()) return connection.status();
  StreamReader reader(stream);
  reader.Seek(after);
  return reader.Read(connection->get(),
                     {kReadAtOnce, std::chrono::milliseconds(0)});
}

Status RedisLedger::Acknowledge(const std::vector<AckMessage>& messages) {
  if (messages.empty()) return Status::Ok();
  std::vector<std::string_view> args = {names_.registration};
  for (const AckMessage& message : messages) {
    args.insert(args.end(),
                {message.stream, message.error.empty() ? "done" : "failed",
                 message.error});
  }
  return link_->Ask(*lease_, "ACK", args).status();
}

Result<std::vector<Epoch>> RedisLedger::Epochs() {
  const std::string_view args[] = {names_.stream};
  const auto reply = link_->Ask(*lease_, "EPOCHS", args);
  if (!reply.ok()) return reply.status();
  std::vector<Epoch> epochs;
  for (size_t i = 0; i < reply->view().size(); ++i) {
    const ReplyView epoch = reply->view()[i];
    if (epoch.size() < 3) continue;
    epochs.push_back({static_cast<uint64_t>(epoch[0].integer()),
                      std::string(epoch[1].text()),
                      Position::Parse(epoch[2].text()).value_or(Position())});
  }
  return epochs;
}

Status RedisLedger::MarkReconciling(const std::string& reason) {
  const std::string_view args[] = {names_.registration, reason};
  return link_->Ask(*lease_, "RECONCILE", args).status();
}

}  // namespace regear

#include "engine/through_source.h"

#include <utility>
#include <vector>

#include "redis/stream_decoder.h"

namespace regear {

namespace {

// A lane that waits looks up so often, to see whether it is to end.
constexpr std::chrono::milliseconds kWait{500};

// There are change streams, or the module is older than the command.
bool RefusesToSettle(const Status& status) {
  return status.message().starts_with("APART") ||
         status.message().starts_with("ERR unknown subcommand");
}

}  // namespace

ThroughSource::ThroughSource(HostLink* link, std::shared_ptr<const Lease> lease,
                             const Cancellation* cancellation,
                             std::string registration, size_t lane,
                             size_t max_parts)
    : link_(link),
      lease_(std::move(lease)),
      cancellation_(cancellation),
      registration_(std::move(registration)),
      lane_(std::to_string(lane)),
      count_(std::to_string(max_parts)),
      fence_(std::to_string(lease_->fence)) {}

Status ThroughSource::Connect() {
  if (connection_ != nullptr) return Status::Ok();
  auto opened = link_->OpenReader(*lease_, cancellation_);
  if (!opened.ok()) return opened.status();
  connection_ = *std::move(opened);
  return Status::Ok();
}

Status ThroughSource::Fail(Status status) {
  connection_.reset();
  return status;
}

void ThroughSource::AppendCommitted(const CommittedGroup& committed) {
  const std::string last = committed.last.ToString();
  connection_->Append({"RG.HOST", "COMMITTED", fence_, registration_, lane_,
                       last, committed.token});
}

void ThroughSource::AppendRead(std::string_view command,
                               std::initializer_list<std::string_view> more) {
  const std::string wait = std::to_string(kWait.count());
  const std::string place = place_.ToString();
  std::vector<std::string_view> words = {
      "RG.HOST", command, fence_, registration_, lane_, count_, wait, place};
  words.insert(words.end(), more);
  connection_->Append(words);
}

Status ThroughSource::ReadOk() {
  const auto reply = connection_->ReadReply();
  if (!reply.ok()) return Fail(reply.status());
  if (!reply->view().is_error()) return Status::Ok();
  return Fail(StatusOfErrorReply(reply->view().text()));
}

Result<ChangeBatch> ThroughSource::Exchange(
    const std::optional<CommittedGroup>& committed,
    const OnApplied& on_applied) {
  REGEAR_RETURN_IF_ERROR(Connect());
  if (committed && !apart_) {
    auto group = Settle(*committed);
    if (group.ok()) on_applied({});
    if (!apart_) return group;
    REGEAR_RETURN_IF_ERROR(Connect());  // a refusal has ended it
  }
  if (committed) AppendCommitted(*committed);
  AppendRead("THROUGH", {});
  const Status sent = connection_->Flush();
  if (!sent.ok()) return Fail(sent);
  if (committed) {
    const auto applied = ReadApplied();
    if (!applied.ok()) return applied.status();
    on_applied(*applied);
  }
  return ReadGroup();
}

// One command and one reply less: each wakes somebody up.
Result<ChangeBatch> ThroughSource::Settle(const CommittedGroup& committed) {
  const std::string last = committed.last.ToString();
  AppendRead("SETTLE", {last, committed.token});
  const Status sent = connection_->Flush();
  if (!sent.ok()) return Fail(sent);
  auto group = ReadGroup();
  apart_ = !group.ok() && RefusesToSettle(group.status());
  return group;
}

Result<ChangeBatch> ThroughSource::ReadGroup() {
  ChangeBatch group;
  StreamDecoder decoder(connection_->reader(), &group, nullptr);
  const auto root = connection_->ReadReplyThrough(StreamDecoder::Functions(),
                                                  &decoder, kWait);
  if (!root.ok()) return Fail(root.status());
  const Status status = decoder.Finish();
  if (!status.ok()) return Fail(status);
  if (decoder.entries() > 0) place_ = decoder.last();
  return group;
}

Result<StreamPositions> ThroughSource::Confirm(
    const CommittedGroup& committed) {
  REGEAR_RETURN_IF_ERROR(Connect());
  AppendCommitted(committed);
  const Status sent = connection_->Flush();
  if (!sent.ok()) return Fail(sent);
  return ReadApplied();
}

// [stream, id, …]
Result<StreamPositions> ThroughSource::ReadApplied() {
  const auto reply = connection_->ReadReply();
  if (!reply.ok()) return Fail(reply.status());
  const ReplyView view = reply->view();
  if (view.is_error()) return Fail(StatusOfErrorReply(view.text()));
  StreamPositions positions;
  for (size_t i = 0; i + 1 < view.size(); i += 2) {
    const auto position = Position::Parse(view[i + 1].text());
    if (position) positions[std::string(view[i].text())] = *position;
  }
  return positions;
}

Status ThroughSource::Refuse(Position id, std::string_view message) {
  REGEAR_RETURN_IF_ERROR(Connect());
  const std::string text = id.ToString();
  connection_->Append(
      {"RG.HOST", "REFUSED", fence_, registration_, lane_, text, message});
  const Status sent = connection_->Flush();
  return sent.ok() ? ReadOk() : Fail(sent);
}

}  // namespace regear

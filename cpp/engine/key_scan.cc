#include "engine/key_scan.h"

#include <utility>

namespace regear {

namespace {

constexpr std::string_view kWrongType = "WRONGTYPE";
// What regear keeps in the server is none of the data.
constexpr std::string_view kOwnPrefix = "_regear:";

bool IsRead(std::string_view type) {
  return type == "hash" || type == "string" || type == "list";
}

void AppendRead(Connection* connection, std::string_view type,
                std::string_view key) {
  if (type == "hash") {
    connection->Append({"HGETALL", key});
  } else if (type == "string") {
    connection->Append({"GET", key});
  } else {
    connection->Append({"LRANGE", key, "0", "-1"});
  }
}

bool IsGone(ReplyView value) {
  return value.is_nil() || (value.is_array() && value.size() == 0);
}

bool IsOfOtherType(ReplyView value) {
  return value.is_error() && value.text().starts_with(kWrongType);
}

}  // namespace

Result<std::unique_ptr<KeyScan>> KeyScan::Open(const ConnectionOptions& options,
                                               std::string pattern,
                                               std::string count) {
  auto connection = Connection::Open(options);
  REGEAR_RETURN_IF_ERROR(connection.status());
  std::unique_ptr<KeyScan> scan(new KeyScan(
      *std::move(connection), std::move(pattern), std::move(count)));
  scan->AskForNames();
  REGEAR_RETURN_IF_ERROR(scan->connection_->Flush());
  REGEAR_RETURN_IF_ERROR(scan->ReadNames());
  REGEAR_RETURN_IF_ERROR(scan->AskForValues());
  return scan;
}

Result<std::optional<KeyPage>> KeyScan::Next() {
  while (!names_.empty() || !last_) {
    KeyPage page;
    page.reserve(names_.size());
    std::vector<size_t> others;
    for (std::string& name : names_) {
      Result<Reply> value = connection_->ReadReply();
      REGEAR_RETURN_IF_ERROR(value.status());
      const ReplyView view = value->view();
      if (IsGone(view)) continue;
      if (IsOfOtherType(view)) {
        others.push_back(page.size());
      } else if (view.is_error()) {
        return StatusOfErrorReply(view.text());
      }
      page.push_back({std::move(name), asked_, *std::move(value)});
    }
    names_.clear();
    if (!last_) REGEAR_RETURN_IF_ERROR(ReadNames());
    if (!others.empty()) REGEAR_RETURN_IF_ERROR(Retry(&page, others));
    REGEAR_RETURN_IF_ERROR(AskForValues());
    if (!page.empty()) return std::optional<KeyPage>(std::move(page));
  }
  return std::optional<KeyPage>();
}

void KeyScan::AskForNames() {
  connection_->Append({"SCAN", cursor_, "MATCH", pattern_, "COUNT", count_});
}

Status KeyScan::ReadNames() {
  Result<Reply> reply = connection_->ReadReply();
  REGEAR_RETURN_IF_ERROR(reply.status());
  const ReplyView view = reply->view();
  if (view.is_error()) return StatusOfErrorReply(view.text());
  if (view.size() != 2) {
    return Status(StatusCode::kInvalid, "SCAN gave an unknown reply");
  }
  cursor_ = view[0].text();
  last_ = cursor_ == "0";
  for (size_t i = 0; i < view[1].size(); ++i) {
    const std::string_view name = view[1][i].text();
    if (!name.starts_with(kOwnPrefix)) names_.emplace_back(name);
  }
  return Status::Ok();
}

Status KeyScan::AskForValues() {
  asked_ = guess_;
  for (const std::string& name : names_) {
    AppendRead(connection_.get(), asked_, name);
  }
  if (!last_) AskForNames();
  return names_.empty() && last_ ? Status::Ok() : connection_->Flush();
}

Status KeyScan::Retry(KeyPage* page, const std::vector<size_t>& others) {
  for (const size_t i : others) connection_->Append({"TYPE", (*page)[i].name});
  REGEAR_RETURN_IF_ERROR(connection_->Flush());
  for (const size_t i : others) {
    ScannedKey& key = (*page)[i];
    Result<Reply> type = connection_->ReadReply();
    REGEAR_RETURN_IF_ERROR(type.status());
    key.type = type->view().text();
    key.value.reset();
    if (IsRead(key.type)) AppendRead(connection_.get(), key.type, key.name);
  }
  REGEAR_RETURN_IF_ERROR(connection_->Flush());
  for (const size_t i : others) {
    ScannedKey& key = (*page)[i];
    if (!IsRead(key.type)) continue;
    guess_ = key.type;
    Result<Reply> value = connection_->ReadReply();
    REGEAR_RETURN_IF_ERROR(value.status());
    if (IsGone(value->view())) {
      key.type = "none";
    } else if (!value->view().is_error()) {  // replaced by another type
      key.value = *std::move(value);
    }
  }
  std::erase_if(*page,
                [](const ScannedKey& key) { return key.type == "none"; });
  return Status::Ok();
}

}  // namespace regear

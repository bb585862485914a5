#include "redis/stream_decoder.h"

#include <cstring>
#include <new>
#include <utility>

#include "redis/reply.h"

namespace regear {

namespace {

constexpr size_t kMaxChunkBytes = 256 * 1024;

// How deep in the reply the parts of an entry stand.
constexpr ptrdiff_t kEntryDepth = 4;  // [id, fields]
constexpr ptrdiff_t kFieldDepth = 5;  // field or value

}  // namespace

char* StringArena::Allocate(size_t bytes) {
  return chunks_.emplace_back(new char[bytes]).get();
}

std::string_view StringArena::Copy(std::string_view text) {
  if (text.empty()) return "";  // never null: to drivers that would be NULL
  char* target = free_;
  if (text.size() <= left_) {
    free_ += text.size();
    left_ -= text.size();
  } else if (text.size() > next_chunk_ / 4) {
    target = Allocate(text.size());  // keeps what is left of the current chunk
  } else {
    target = Allocate(next_chunk_);
    free_ = target + text.size();
    left_ = next_chunk_ - text.size();
    if (next_chunk_ < kMaxChunkBytes) next_chunk_ *= 2;
  }
  std::memcpy(target, text.data(), text.size());
  return {target, text.size()};
}

void StringArena::KeepIn(ChangeBatch* batch) const {
  for (const auto& chunk : chunks_) batch->Keep(chunk);
}

StreamDecoder::StreamDecoder(const redisReader* reader, ChangeBatch* head,
                             ChangeBatch* rest)
    : reader_(reader), head_(head), rest_(rest), splitting_(rest != nullptr) {}

redisReplyObjectFunctions* StreamDecoder::Functions() {
  static redisReplyObjectFunctions functions = {OnString, OnArray, OnInteger,
                                                OnNil, OnFree};
  return &functions;
}

StreamDecoder* StreamDecoder::Of(const redisReadTask* task) {
  return static_cast<StreamDecoder*>(task->privdata);
}

// hiredis takes a null object as "out of memory" and gives up: that is where
// the exception of an allocation goes, as none may cross C code.
void* StreamDecoder::OnString(const redisReadTask* task, char* text,
                              size_t size) {
  StreamDecoder* self = Of(task);
  const std::string_view view(text, size);
  try {
    if (task->type == REDIS_REPLY_ERROR) {
      self->status_ = StatusOfErrorReply(view);
    } else if (!self->status_.ok()) {
      return self;
    } else if (const ptrdiff_t depth = task - self->reader_->rstack;
               depth == kFieldDepth) {
      if (task->idx % 2 == 0) {
        self->AddName(static_cast<size_t>(task->idx / 2), view);
      } else {
        self->AddValue(view);
        if (task->idx == self->strings_ - 1) self->FinishEntry();
      }
    } else if (depth == kEntryDepth && task->idx == 0) {
      self->StartEntry(view);
    }
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  return self;
}

void* StreamDecoder::OnArray(const redisReadTask* task, int elements) {
  StreamDecoder* self = Of(task);
  if (task - self->reader_->rstack == kEntryDepth) {
    self->strings_ = elements;
    try {
      if (elements == 0 && self->status_.ok()) self->Malformed("is empty");
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  return self;
}

void* StreamDecoder::OnInteger(const redisReadTask* task, long long) {
  return Of(task);
}

void* StreamDecoder::OnNil(const redisReadTask* task) { return Of(task); }

void StreamDecoder::OnFree(void*) {}

void StreamDecoder::StartEntry(std::string_view id) {
  change_ = Change();
  stage_ = Stage::kKey;
  sink_ = nullptr;
  if (const auto position = Position::Parse(id)) {
    change_.position = *position;
  } else {
    Malformed("has no stream id");
  }
}

// The meta fields stand in front and in this order; anything else, and
// anything behind it, is a field of the hash whatever its name.
bool StreamDecoder::TakeMeta(std::string_view name) {
  switch (stage_) {
    case Stage::kKey:
      role_ = Role::kKey;
      stage_ = Stage::kEvent;
      return name == "_original_key";
    case Stage::kEvent:
      role_ = Role::kEvent;
      stage_ = Stage::kOperation;
      return name == "_event";
    case Stage::kOperation:
      role_ = Role::kOperation;
      stage_ = Stage::kAck;
      return name == "#";
    case Stage::kAck:
      if (name == "_uuid") {
        role_ = Role::kAck;
        stage_ = Stage::kUnit;
        return true;
      }
      [[fallthrough]];
    case Stage::kUnit:
      if (name == "_unit") {
        role_ = Role::kUnit;
        stage_ = Stage::kCleared;
        return true;
      }
      [[fallthrough]];
    case Stage::kCleared:
      stage_ = Stage::kCleared;
      if (name == "_clear") {
        role_ = Role::kCleared;
        return true;
      }
      if (name == "_key") {
        role_ = Role::kRealKey;
        stage_ = Stage::kFields;
        return true;
      }
      [[fallthrough]];
    case Stage::kFields:
      stage_ = Stage::kFields;
      role_ = Role::kField;
      return true;
  }
  return false;
}

void StreamDecoder::AddName(size_t pair, std::string_view name) {
  if (!TakeMeta(name)) {
    Malformed("does not have the fields of a change");
    return;
  }
  if (role_ != Role::kField) return;
  if (pair >= names_.size()) names_.resize(pair + 1);
  if (names_[pair] != name || names_[pair].data() == nullptr) {
    names_[pair] = arena_.Copy(name);
  }
  name_ = names_[pair];
}

void StreamDecoder::AddValue(std::string_view value) {
  switch (role_) {
    case Role::kKey:
      change_.key = arena_.Copy(value);
      break;
    case Role::kEvent:
      if (event_ != value) event_ = arena_.Copy(value);
      change_.event = event_;
      break;
    case Role::kOperation:
      if (value != "=" && value != "!" && value != "~") {
        Malformed("has an unknown operation");
        break;
      }
      change_.operation = static_cast<Operation>(value[0]);
      break;
    case Role::kAck:
      change_.ack = arena_.Copy(value);
      break;
    case Role::kUnit:
      change_.continues_unit = value == "+";
      break;
    case Role::kRealKey:
      change_.real_key = arena_.Copy(value);
      break;
    case Role::kCleared:
      Sink()->AddCleared(arena_.Copy(value));
      break;
    case Role::kField:
      Sink()->AddField(name_, arena_.Copy(value));
      break;
  }
}

ChangeBatch* StreamDecoder::Sink() {
  if (sink_ == nullptr) {
    if (!change_.continues_unit) splitting_ = false;
    sink_ = rest_ == nullptr || splitting_ ? head_ : rest_;
  }
  return sink_;
}

void StreamDecoder::FinishEntry() {
  if (!status_.ok()) return;
  if (stage_ < Stage::kAck) {
    Malformed("lacks the fields of a change");
    return;
  }
  Sink()->Add(change_);
  ++entries_;
  last_ = change_.position;
}

void StreamDecoder::Malformed(std::string_view why) {
  const std::string id = change_.position.ToString();
  status_ = Status(StatusCode::kStop,
                   "entry " + id + " " + std::string(why) +
                       ": something else writes to the change stream",
                   "XDEL <stream> " + id);
}

Status StreamDecoder::Finish() {
  arena_.KeepIn(head_);
  if (rest_ != nullptr) arena_.KeepIn(rest_);
  return status_;
}

}  // namespace regear

#include "module/stream_id.h"

#include <charconv>
#include <stdexcept>

#include "module/handles.h"

namespace regear {

namespace {

bool ParseNumber(std::string_view text, uint64_t* number) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *number);
  return error == std::errc() && stop == end;
}

}  // namespace

std::string Text(StreamId id) {
  return std::to_string(id.ms) + "-" + std::to_string(id.seq);
}

StreamId ParseStreamId(std::string_view text) {
  StreamId id;
  const size_t dash = text.find('-');
  const bool has_seq = dash != std::string_view::npos;
  if (!ParseNumber(text.substr(0, dash), &id.ms) ||
      (has_seq && !ParseNumber(text.substr(dash + 1), &id.seq))) {
    throw std::invalid_argument("not an entry id: " + std::string(text));
  }
  return id;
}

StreamId LastGeneratedId(rm::Ctx* ctx, std::string_view stream) {
  // Flat pairs of names and values; an error where there is no stream.
  const CallReplyPtr reply(
      rm::Call(ctx, "XINFO", "cb", "STREAM", stream.data(), stream.size()));
  if (reply == nullptr || rm::CallReplyType(reply.get()) != rm::kReplyArray) {
    return {};
  }
  const size_t count = rm::CallReplyLength(reply.get());
  for (size_t i = 0; i + 1 < count; i += 2) {
    if (View(rm::CallReplyArrayElement(reply.get(), i)) ==
        "last-generated-id") {
      return ParseStreamId(View(rm::CallReplyArrayElement(reply.get(), i + 1)));
    }
  }
  return {};
}

}  // namespace regear

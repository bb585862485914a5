#include "module/stream_id.h"

#include <stdexcept>

#include "module/handles.h"
#include "module/text.h"

namespace regear {

std::string Text(StreamId id) {
  return std::to_string(id.ms) + "-" + std::to_string(id.seq);
}

StreamId ParseStreamId(std::string_view text) {
  const size_t dash = text.find('-');
  const auto ms = ParseNumber<uint64_t>(text.substr(0, dash));
  const auto seq = dash == std::string_view::npos
                       ? uint64_t{0}
                       : ParseNumber<uint64_t>(text.substr(dash + 1));
  if (!ms || !seq) {
    throw std::invalid_argument("not an entry id: " + std::string(text));
  }
  return {*ms, *seq};
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

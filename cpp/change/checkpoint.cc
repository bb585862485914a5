#include <charconv>
#include <string>
#include <string_view>

#include "change/connector.h"

namespace regear {

namespace {

// Cuts off and returns what stands before the next ':' of `rest`.
std::string_view NextPart(std::string_view* rest) {
  const size_t colon = rest->find(':');
  std::string_view part = rest->substr(0, colon);
  *rest = colon == std::string_view::npos ? std::string_view()
                                          : rest->substr(colon + 1);
  return part;
}

bool ParseNumber(std::string_view text, uint64_t* number) {
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, *number);
  return error == std::errc() && stop == end && !text.empty();
}

}  // namespace

std::string Checkpoint::Encode() const {
  return std::to_string(epoch) + ":" + epoch_id + ":" + position.ToString() +
         ":" + std::to_string(fence);
}

Result<Checkpoint> Checkpoint::Decode(std::string_view text) {
  Checkpoint checkpoint;
  std::string_view rest = text;
  const bool epoch_ok = ParseNumber(NextPart(&rest), &checkpoint.epoch);
  checkpoint.epoch_id = NextPart(&rest);
  const auto position = Position::Parse(NextPart(&rest));
  const bool fence_ok = ParseNumber(NextPart(&rest), &checkpoint.fence);
  if (!epoch_ok || !position || !fence_ok || !rest.empty()) {
    return Status(StatusCode::kStop,
                  "the checkpoint holds \"" + std::string(text) +
                      "\", which is not a position written by regear",
                  "name another checkpoint table in the recipe "
                  "(exactlyOnceTableName)");
  }
  checkpoint.position = *position;
  return checkpoint;
}

}  // namespace regear

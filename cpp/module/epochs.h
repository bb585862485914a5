// The lives of the data set: a new one begins at each load of it and at each
// promotion to master. An entry of a change stream belongs to the life in
// which it was appended, which says whether it can be compared with a
// checkpoint: an id may return after a failover or a lost tail.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "module/stream_id.h"

namespace regear {

struct Epoch {
  uint64_t number = 0;
  std::string id;  // random 128 bits, in hex
  // By stream: the id generated last when the epoch began.
  std::map<std::string, StreamId> last_ids;

  // 0-0 for a stream that was not there yet.
  StreamId LastIdOf(const std::string& stream) const;
};

class Epochs {
 public:
  static constexpr size_t kMax = 64;  // the oldest ones are forgotten

  bool empty() const { return epochs_.empty(); }
  const std::vector<Epoch>& all() const { return epochs_; }  // oldest first
  uint64_t number() const { return empty() ? 0 : epochs_.back().number; }
  std::string_view id() const {
    return empty() ? std::string_view() : epochs_.back().id;
  }
  // The highest id known of `stream` at the start of any epoch.
  StreamId HighestOf(const std::string& stream) const;

  // `id` is a new random one.
  void Begin(std::string id, std::map<std::string, StreamId> last_ids);

  // [[number, id, {stream: last id}], …]
  nlohmann::json Encode() const;
  // Throws std::exception if `list` is something else.
  static Epochs Decode(const nlohmann::json& list);

 private:
  std::vector<Epoch> epochs_;
};

}  // namespace regear

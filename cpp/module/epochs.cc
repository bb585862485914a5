#include "module/epochs.h"

#include <algorithm>
#include <utility>

namespace regear {

StreamId Epoch::LastIdOf(const std::string& stream) const {
  const auto it = last_ids.find(stream);
  return it == last_ids.end() ? StreamId{} : it->second;
}

StreamId Epochs::HighestOf(const std::string& stream) const {
  StreamId highest;
  for (const Epoch& epoch : epochs_) {
    highest = std::max(highest, epoch.LastIdOf(stream));
  }
  return highest;
}

void Epochs::Begin(std::string id, std::map<std::string, StreamId> last_ids) {
  epochs_.push_back({number() + 1, std::move(id), std::move(last_ids)});
  if (epochs_.size() > kMax) epochs_.erase(epochs_.begin());
}

nlohmann::json Epochs::Encode() const {
  nlohmann::json list = nlohmann::json::array();
  for (const Epoch& epoch : epochs_) {
    nlohmann::json last_ids = nlohmann::json::object();
    for (const auto& [stream, id] : epoch.last_ids) last_ids[stream] = Text(id);
    list.push_back({epoch.number, epoch.id, std::move(last_ids)});
  }
  return list;
}

Epochs Epochs::Decode(const nlohmann::json& list) {
  Epochs epochs;
  for (const nlohmann::json& element : list) {
    Epoch epoch;
    epoch.number = element.at(0).get<uint64_t>();
    epoch.id = element.at(1).get<std::string>();
    for (const auto& [stream, id] : element.at(2).items()) {
      epoch.last_ids[stream] = ParseStreamId(id.get<std::string>());
    }
    epochs.epochs_.push_back(std::move(epoch));
  }
  return epochs;
}

}  // namespace regear

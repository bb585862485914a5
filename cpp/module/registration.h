// What a recipe leaves behind in the server.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "module/capture_rule.h"
#include "module/change_stream.h"

namespace regear {

// A write-behind registration is listed as a pair, as recipes expect: its
// KeysReader (capture) and its StreamReader (drain), each with an id. The JSON
// is what the host sent (docs/host-link.md) and all that is stored: nothing in
// it is secret and nothing in it runs.
struct Registration {
  std::string id;         // of the KeysReader; identifies the registration
  std::string stream_id;  // of the StreamReader
  std::string session;
  nlohmann::json definition;
  std::shared_ptr<CaptureRule> rule;

  // Stored form: the definition with the three ids.
  std::string Encode() const;

  // Written to the target before Redis: nothing is captured, and the streams
  // stay empty.
  bool through() const { return Text("kind") == "write-through"; }

  // Entries of the stream from which on only dirty keys are kept.
  long long Limit() const;
  // The text member `name` of the definition, empty if it has none.
  std::string Text(const char* name) const;
};

// The keys that hold the backlog of `definition`; those that it does not name,
// because an older host wrote it, are named after its stream.
StreamNames NamesOf(const nlohmann::json& definition);

// A function that throws std::exception with what is wrong if `definition`
// is not a registration.
Registration MakeRegistration(nlohmann::json definition);

// Reads what Encode wrote; throws std::exception if it is something else.
Registration DecodeRegistration(std::string_view text);

}  // namespace regear

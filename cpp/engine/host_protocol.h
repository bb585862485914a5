// The messages of docs/host-link.md as types.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "redis/reply.h"

namespace regear {

inline constexpr std::string_view kHostProtocol = "1";

using TextPairs = std::vector<std::pair<std::string, std::string>>;

// The reply to ATTACH. Only `attached` is set for a standby.
struct Attachment {
  bool attached = false;
  uint64_t fence = 0;
  std::chrono::milliseconds lease{0};
  std::string node;
  std::string hashtag;
  uint64_t epoch = 0;
  std::string epoch_id;
  uint64_t generation = 0;
  std::string host_id;  // the secret of the lease
  TextPairs args;       // of the module
  TextPairs config;     // values set at run time
};

struct Job {
  uint64_t id = 0;
  std::string kind;  // as in docs/host-link.md
  std::vector<std::string> arguments;
};

// What a client is told, or that an event is dealt with.
struct JobAnswer {
  uint64_t job = 0;
  std::string kind;  // OK, ERR or RESP
  std::string payload;
};

struct RegistryContents {
  uint64_t generation = 0;
  std::vector<std::string> registrations;  // JSON
  TextPairs sessions;                      // id and sealed blob
};

// Each fails with kInvalid if the reply does not have the expected shape.
Result<Attachment> ParseAttachment(ReplyView reply);
Result<std::vector<Job>> ParseJobs(ReplyView reply);
Result<RegistryContents> ParseRegistry(ReplyView reply);

}  // namespace regear

#include "engine/host_protocol.h"

namespace regear {

namespace {

Status Unexpected(std::string_view command) {
  return Status(StatusCode::kInvalid,
                "unexpected reply to RG.HOST " + std::string(command),
                "run the same version of regear.so and of the host");
}

TextPairs ParsePairs(ReplyView reply) {
  TextPairs pairs;
  for (size_t i = 0; i + 1 < reply.size(); i += 2) {
    pairs.emplace_back(reply[i].text(), reply[i + 1].text());
  }
  return pairs;
}

uint64_t Number(ReplyView reply) {
  return static_cast<uint64_t>(reply.integer());
}

void SetPair(std::string_view name, ReplyView value, Attachment* attachment) {
  if (name == "state") {
    attachment->attached = value.text() == "attached";
  } else if (name == "fence") {
    attachment->fence = Number(value);
  } else if (name == "lease_ms") {
    attachment->lease = std::chrono::milliseconds(value.integer());
  } else if (name == "node") {
    attachment->node = value.text();
  } else if (name == "hashtag") {
    attachment->hashtag = value.text();
  } else if (name == "epoch") {
    attachment->epoch = Number(value);
  } else if (name == "epoch_id") {
    attachment->epoch_id = value.text();
  } else if (name == "generation") {
    attachment->generation = Number(value);
  } else if (name == "args") {
    attachment->args = ParsePairs(value);
  } else if (name == "config") {
    attachment->config = ParsePairs(value);
  }  // a newer module may say more
}

}  // namespace

Result<Attachment> ParseAttachment(ReplyView reply) {
  Attachment attachment;
  for (size_t i = 0; i + 1 < reply.size(); i += 2) {
    SetPair(reply[i].text(), reply[i + 1], &attachment);
  }
  const bool complete = attachment.fence > 0 && attachment.lease.count() > 0 &&
                        !attachment.epoch_id.empty();
  if (reply.size() < 2 || (attachment.attached && !complete)) {
    return Unexpected("ATTACH");
  }
  return attachment;
}

Result<std::vector<Job>> ParseJobs(ReplyView reply) {
  std::vector<Job> jobs;
  if (reply.is_nil()) return jobs;
  if (!reply.is_array()) return Unexpected("NEXT");
  for (size_t i = 0; i < reply.size(); ++i) {
    const ReplyView fields = reply[i];
    if (fields.size() < 2) return Unexpected("NEXT");
    Job job;
    job.id = Number(fields[0]);
    job.kind = fields[1].text();
    for (size_t j = 2; j < fields.size(); ++j) {
      job.arguments.emplace_back(fields[j].text());
    }
    jobs.push_back(std::move(job));
  }
  return jobs;
}

Result<RegistryContents> ParseRegistry(ReplyView reply) {
  if (reply.size() != 3) return Unexpected("REGISTRY");
  RegistryContents contents;
  contents.generation = Number(reply[0]);
  for (size_t i = 0; i < reply[1].size(); ++i) {
    contents.registrations.emplace_back(reply[1][i].text());
  }
  for (size_t i = 0; i < reply[2].size(); ++i) {
    const ReplyView session = reply[2][i];
    if (session.size() != 2) return Unexpected("REGISTRY");
    contents.sessions.emplace_back(session[0].text(), session[1].text());
  }
  return contents;
}

}  // namespace regear

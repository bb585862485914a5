#include "module/through_reply.h"

#include "module/ack.h"
#include "module/command_arguments.h"
#include "module/host_link.h"
#include "module/text.h"

namespace regear {

namespace {

void ReplyEntry(rm::Ctx* ctx, const ThroughPart& part, std::string_view event,
                bool continues) {
  const KeyWrite& write = part.write;
  std::vector<std::string_view> words = {
      "_original_key", part.row_id, "_event",
      event,           "#",         write.deletes ? "~" : "="};
  if (continues) words.insert(words.end(), {"_unit", "+"});
  if (!write.deletes) {
    for (const StringPtr& field : write.cleared) {
      words.insert(words.end(), {"_clear", View(field.get())});
    }
  }
  words.insert(words.end(), {"_key", View(part.key.get())});
  if (!write.deletes) {
    for (const auto& pair : write.set) {
      words.insert(words.end(),
                   {View(pair.field.get()), View(pair.value.get())});
    }
  }
  rm::ReplyWithArray(ctx, 2);
  Reply(ctx, Text(part.id));
  rm::ReplyWithArray(ctx, static_cast<long>(words.size()));
  for (const std::string_view word : words) Reply(ctx, word);
}

void CallWithWords(rm::Ctx* ctx, const char* command, rm::String* key,
                   std::vector<rm::String*>* words) {
  if (words->empty()) return;
  const CallReplyPtr reply(
      rm::Call(ctx, command, "!sv", key, words->data(), words->size()));
}

bool IsError(rm::CallReply* reply) {
  return reply != nullptr && rm::CallReplyType(reply) == rm::kReplyError;
}

// Whatever type the key has now.
void SetDocument(rm::Ctx* ctx, rm::String* key, rm::String* document) {
  const auto set = [&] {
    return CallReplyPtr(rm::Call(ctx, "JSON.SET", "!scs", key, "$", document));
  };
  if (!IsError(set().get())) return;
  const CallReplyPtr removed(rm::Call(ctx, "DEL", "!s", key));
  if (IsError(set().get())) {
    rm::Log(ctx, "warning", "a document that the database has is not set");
  }
}

// The reply that the command would have given.
void ReplyForState(rm::Ctx* ctx, const ThroughJob& job, long long deleted) {
  const KeyWrite& write = job.parts.front().write;
  switch (job.command) {
    case ThroughCommand::kHincrby:
      rm::ReplyWithLongLong(
          ctx, std::stoll(std::string(View(write.set.front().value.get()))));
      return;
    case ThroughCommand::kHincrbyfloat:
      rm::ReplyWithString(ctx, write.set.front().value.get());
      return;
    case ThroughCommand::kHdel:
      rm::ReplyWithLongLong(ctx, static_cast<long long>(write.cleared.size()));
      return;
    case ThroughCommand::kHset:
      if (LowerCase(View(job.words[0].get())) == "hmset") {
        rm::ReplyWithSimpleString(ctx, "OK");
      } else {
        rm::ReplyWithLongLong(ctx, 0);  // all fields were there
      }
      return;
    case ThroughCommand::kHgetdel:
      rm::ReplyWithArray(ctx, static_cast<long>(write.values.size()));
      for (const StringPtr& value : write.values) {
        if (value == nullptr) {
          rm::ReplyWithNull(ctx);
        } else {
          rm::ReplyWithString(ctx, value.get());
        }
      }
      return;
    case ThroughCommand::kDelete:
      rm::ReplyWithLongLong(ctx, deleted);
      return;
    case ThroughCommand::kDocument:
      job.foreseen.Send(ctx);
      return;
    default:
      rm::ReplyWithLongLong(ctx, 1);
  }
}

// A key that has expired is gone, and its event says so, once it is looked at.
void ExpireNow(rm::Ctx* ctx, const ThroughJob& job) {
  for (const ThroughPart& part : job.parts) {
    const KeyPtr key(rm::OpenKey(ctx, part.key.get(), rm::kOpenRead));
  }
}

// Whether an increment would give another number than the one foreseen: a
// field expires, too, and no event says so before somebody looks.
bool CountsOtherwise(rm::Ctx* ctx, const ThroughJob& job) {
  if (job.command != ThroughCommand::kHincrby &&
      job.command != ThroughCommand::kHincrbyfloat) {
    return false;
  }
  const KeyWrite now = Foresee(ctx, job.command, job.words);
  const KeyWrite& foreseen = job.parts.front().write;
  return now.set.empty() || View(now.set.front().value.get()) !=
                                View(foreseen.set.front().value.get());
}

}  // namespace

void ReplyEntries(rm::Ctx* ctx, const ThroughJob& job) {
  const std::string event = LowerCase(View(job.words[0].get()));
  for (const ThroughPart& part : job.parts) {
    ReplyEntry(ctx, part, event, &part != &job.parts.front());
  }
}

CallReplyPtr RunCommand(rm::Ctx* ctx, const std::vector<StringPtr>& words,
                        bool resp3) {
  std::vector<rm::String*> arguments;
  arguments.reserve(words.size());
  for (size_t i = 1; i < words.size(); ++i) arguments.push_back(words[i].get());
  const std::string name(View(words[0].get()));
  return CallReplyPtr(rm::Call(ctx, name.c_str(), resp3 ? "!E3v" : "!Ev",
                               arguments.data(), arguments.size()));
}

long long ApplyState(rm::Ctx* ctx, rm::String* key, const KeyWrite& write) {
  if (write.deletes) {
    const CallReplyPtr reply(rm::Call(ctx, "DEL", "!s", key));
    return rm::CallReplyInteger(reply.get());
  }
  if (write.document) {
    SetDocument(ctx, key, write.set.front().value.get());
    return 0;
  }
  std::vector<rm::String*> words;
  for (const StringPtr& field : write.cleared) words.push_back(field.get());
  CallWithWords(ctx, "HDEL", key, &words);
  words.clear();
  const bool expires = !write.expiry.empty();
  const StringPtr fields = MakeString("FIELDS");
  const StringPtr count = MakeString(std::to_string(write.set.size()));
  if (expires) {
    for (const StringPtr& word : write.expiry) words.push_back(word.get());
    words.insert(words.end(), {fields.get(), count.get()});
  }
  for (const auto& pair : write.set) {
    words.insert(words.end(), {pair.field.get(), pair.value.get()});
  }
  CallWithWords(ctx, expires ? "HSETEX" : "HSET", key, &words);
  return 0;
}

void ApplyJob(rm::Ctx* ctx, ThroughJob* job, rm::BlockedClient* client,
              bool committed) {
  const DatabaseScope database(ctx, job->db);
  if (committed) ExpireNow(ctx, *job);
  // Somebody wrote the key meanwhile: the command could come to another
  // result than the one that the database has. A '#' alone is no command.
  bool as_state =
      job->touched ||
      (job->command == ThroughCommand::kHset && job->words.size() == 2) ||
      (committed && CountsOtherwise(ctx, *job));
  CallReplyPtr reply;
  std::string error;
  if (!as_state) {
    reply = RunCommand(ctx, job->words, job->resp3);
    if (reply == nullptr) error = "ERR the server does not run the command";
    if (IsError(reply.get())) error = View(reply.get());
    as_state = committed && !error.empty();
  }
  long long deleted = 0;
  if (as_state) {
    if (!error.empty()) {
      rm::Log(ctx, "warning", "what the database has is applied, though: %s",
              error.c_str());
      error.clear();
    }
    for (const ThroughPart& part : job->parts) {
      deleted += ApplyState(ctx, part.key.get(), part.write);
    }
  }
  AckJob(ctx, *job, error);
  if (client == nullptr) return;
  if (!error.empty()) return AnswerError(client, error);
  rm::Ctx* answer = rm::GetThreadSafeContext(client);
  if (as_state) {
    ReplyForState(answer, *job, deleted);
  } else {
    rm::ReplyWithCallReply(answer, reply.get());
  }
  rm::FreeThreadSafeContext(answer);
  rm::UnblockClient(client, nullptr);
}

void AckJob(rm::Ctx* ctx, const ThroughJob& job, std::string_view error) {
  if (job.ack.empty()) return;
  const DatabaseScope database(ctx, job.db);
  const StringPtr stream = MakeString(
      std::string("{").append(View(job.parts.front().key.get())).append("}") +
      job.ack);
  SendAck(ctx, stream.get(), error.empty() ? "done" : "failed", error);
}

}  // namespace regear

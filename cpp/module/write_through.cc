#include "module/write_through.h"

#include <algorithm>
#include <utility>

#include "module/command_arguments.h"
#include "module/guard.h"
#include "module/host_link.h"
#include "module/module_state.h"
#include "module/through_keys.h"
#include "module/through_reply.h"

namespace regear {

namespace {

constexpr std::string_view kNothingHappened =
    "WRITETHROUGH the database was not asked in time, nothing was written";
constexpr std::string_view kInDoubt =
    "INDOUBT the database has not answered: the write may be in it, and is "
    "applied here once it is known";

}  // namespace

void WriteThrough::SetRules(std::vector<ThroughRule> rules) {
  rules_ = std::move(rules);
}

const ThroughRule* WriteThrough::RuleOf(std::string_view key) const {
  for (const ThroughRule& rule : rules_) {
    if (MatchesThrough(rule.prefix, key)) return &rule;
  }
  return nullptr;
}

std::string WriteThrough::KeyOf(int db, std::string_view key) {
  return std::to_string(db) + ":" + std::string(key);
}

StreamId WriteThrough::NextId() {
  const StreamId now{static_cast<uint64_t>(rm::Milliseconds()), 0};
  last_ = std::max(now, last_.Next());
  return last_;
}

void WriteThrough::Enqueue(rm::Ctx* ctx, const ThroughRule& rule,
                           HashCommand command, rm::String** words, int count) {
  auto job = std::make_shared<Job>();
  job->fields = rule.fields;
  job->db = rm::GetSelectedDb(ctx);
  job->command = command;
  const std::string_view key = View(words[1]);
  job->row_id = *ThroughId(rule.prefix, key);
  job->resp3 = (rm::GetContextFlags(ctx) & rm::kContextResp3) != 0;
  job->words.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) job->words.push_back(Share(words[i]));
  job->words[1] = MakeString(RealKey(rule.prefix, key));
  job->client = rm::BlockClient(ctx, nullptr, GuardedCommand<OnTimeout>,
                                nullptr, rule.timeout_ms);
  rm::SetDisconnectCallback(job->client, OnClientGone);
  clients_[job->client] = job;
  ++jobs_;
  auto& of_key = keys_[KeyOf(job->db, View(job->words[1].get()))];
  of_key.push_back(job);
  if (of_key.size() == 1) MakeReady(rule.name, job);
}

void WriteThrough::MakeReady(const std::string& name, const JobPtr& job) {
  Line& line = lines_[name];
  line.ready.push_back(job);
  WakeReader(&line);
}

void WriteThrough::WakeReader(Line* line) {
  if (line->reader == nullptr) return;
  rm::UnblockClient(std::exchange(line->reader, nullptr), nullptr);
}

int WriteThrough::Read(rm::Ctx* ctx, std::string_view name, size_t count,
                       long long block_ms, StreamId after) {
  const std::string text(name);
  Line& line = lines_[text];
  if (line.reader != nullptr) {
    return rm::ReplyWithError(ctx, "ERR somebody else is waiting already");
  }
  const bool something = line.handed.upper_bound(after) != line.handed.end() ||
                         !line.ready.empty();
  if (something || block_ms == 0) return ReplyJobs(ctx, text, count, after);
  // What is handed over is chosen in the reply callback, so that all writes
  // of one turn of the server's event loop go together.
  line.count = count;
  line.after = after;
  line.reader =
      rm::BlockClient(ctx, GuardedCommand<OnReadable>,
                      GuardedCommand<OnReadTimeout>, nullptr, block_ms);
  rm::SetDisconnectCallback(line.reader, OnReaderGone);
  return rm::kOk;
}

int WriteThrough::ReplyJobs(rm::Ctx* ctx, const std::string& name, size_t count,
                            StreamId after) {
  Line& line = lines_[name];
  std::vector<const Job*> jobs;
  for (auto it = line.handed.upper_bound(after);
       it != line.handed.end() && jobs.size() < count; ++it) {
    jobs.push_back(it->second.get());
  }
  while (jobs.size() < count && !line.ready.empty()) {
    const JobPtr job = line.ready.front();
    line.ready.pop_front();
    if (job->cancelled) {
      Finish(name, job);
      continue;
    }
    if (!ForeseeJob(ctx, job.get())) {
      RunLater(ctx, name, job);
      continue;
    }
    job->id = NextId();
    job->handed = true;
    line.handed[job->id] = job;
    jobs.push_back(job.get());
  }
  if (jobs.empty()) return rm::ReplyWithNull(ctx);
  rm::ReplyWithArray(ctx, 1);
  rm::ReplyWithArray(ctx, 2);
  Reply(ctx, name);
  rm::ReplyWithArray(ctx, static_cast<long>(jobs.size()));
  for (const Job* job : jobs) {
    ReplyEntry(ctx, job->id, job->row_id, View(job->words[0].get()), job->write,
               *job->fields);
  }
  return rm::kOk;
}

bool WriteThrough::ForeseeJob(rm::Ctx* ctx, Job* job) {
  const DatabaseScope database(ctx, job->db);
  job->write = Foresee(ctx, job->command, job->words);
  if (!job->write.error.empty()) return false;
  return job->write.deletes || HasMappedField(job->write, *job->fields);
}

void WriteThrough::RunLater(rm::Ctx* ctx, const std::string& name,
                            const JobPtr& job) {
  struct Later {
    std::string name;
    JobPtr job;
  };
  rm::CreateTimer(
      ctx, 0,
      [](rm::Ctx* timer_ctx, void* data) {
        const std::unique_ptr<Later> later(static_cast<Later*>(data));
        Guarded(timer_ctx, "a write that its database need not know", [&] {
          WriteThrough& through = State().through;
          Job* unknown = later->job.get();
          const std::string error = unknown->write.error;
          // Its client may have been told meanwhile that nothing happened.
          if (error.empty() && !unknown->cancelled) {
            through.Apply(timer_ctx, unknown);
          } else if (unknown->client != nullptr) {
            through.clients_.erase(unknown->client);
            AnswerError(std::exchange(unknown->client, nullptr), error);
          }
          through.Finish(later->name, later->job);
        });
      },
      new Later{name, job});
}

void WriteThrough::Commit(rm::Ctx* ctx, std::string_view name, StreamId last) {
  const auto line = lines_.find(name);
  if (line == lines_.end()) return;
  auto& handed = line->second.handed;
  while (!handed.empty() && handed.begin()->first <= last) {
    const JobPtr job = handed.begin()->second;
    handed.erase(handed.begin());
    job->handed = false;  // what it writes now is its own
    Apply(ctx, job.get());
    Finish(line->first, job);
  }
}

void WriteThrough::Apply(rm::Ctx* ctx, Job* job) {
  const DatabaseScope database(ctx, job->db);
  CallReplyPtr reply;
  // Somebody wrote the key meanwhile: the command could come to another
  // result than the one that the database has.
  if (job->touched) ApplyState(ctx, job->words[1].get(), job->write);
  if (!job->touched) reply = RunCommand(ctx, job->words, job->resp3);
  rm::BlockedClient* client = std::exchange(job->client, nullptr);
  if (client == nullptr) return;
  clients_.erase(client);
  rm::Ctx* answer = rm::GetThreadSafeContext(client);
  if (reply != nullptr) {
    rm::ReplyWithCallReply(answer, reply.get());
  } else if (job->touched) {
    ReplyForState(answer, job->command, job->words, job->write);
  } else {
    rm::ReplyWithError(answer,
                       "ERR the database has the write, Redis refused it");
  }
  rm::FreeThreadSafeContext(answer);
  rm::UnblockClient(client, nullptr);
}

void WriteThrough::Refuse(std::string_view name, StreamId id,
                          std::string_view message) {
  const auto line = lines_.find(name);
  if (line == lines_.end()) return;
  const auto found = line->second.handed.find(id);
  if (found == line->second.handed.end()) return;
  const JobPtr job = found->second;
  line->second.handed.erase(found);
  if (rm::BlockedClient* client = std::exchange(job->client, nullptr)) {
    clients_.erase(client);
    AnswerError(client, "WRITETHROUGH " + std::string(message));
  }
  Finish(line->first, job);
}

void WriteThrough::Finish(const std::string& name, const JobPtr& job) {
  const auto of_key = keys_.find(KeyOf(job->db, View(job->words[1].get())));
  // It was forgotten with its data set.
  if (of_key == keys_.end() || of_key->second.front() != job) return;
  --jobs_;
  job->handed = false;
  of_key->second.pop_front();
  if (of_key->second.empty()) {
    keys_.erase(of_key);
  } else {
    MakeReady(name, of_key->second.front());
  }
}

void WriteThrough::OnKeyEvent(int db, std::string_view key) {
  if (keys_.empty()) return;
  const auto of_key = keys_.find(KeyOf(db, key));
  if (of_key == keys_.end()) return;
  Job* first = of_key->second.front().get();
  if (first->handed) first->touched = true;
}

void WriteThrough::OnHostLost() {
  for (auto& [name, line] : lines_) WakeReader(&line);
  for (const auto& [client, job] : std::exchange(clients_, {})) {
    job->client = nullptr;
    job->cancelled = !job->handed;
    AnswerError(client, job->handed
                            ? kInDoubt
                            : "NOHOST the host went away, nothing was written");
  }
}

void WriteThrough::Forget() {
  OnHostLost();
  for (auto& [name, line] : lines_) {
    line.ready.clear();
    line.handed.clear();
  }
  keys_.clear();
  jobs_ = 0;
}

int WriteThrough::OnReadable(rm::Ctx* ctx, rm::String** argv, int argc) {
  // RG.HOST THROUGH fence name count block-ms after
  const CommandArguments arguments(argv, argc);
  WriteThrough& through = State().through;
  if (!State().link.IsCurrent(arguments.Number(2))) {
    return rm::ReplyWithNull(ctx);
  }
  return through.ReplyJobs(ctx, std::string(arguments.Text(3)),
                           arguments.Number(4),
                           ParseStreamId(arguments.Text(6)));
}

int WriteThrough::OnReadTimeout(rm::Ctx* ctx, rm::String**, int) {
  rm::BlockedClient* client = rm::GetBlockedClientHandle(ctx);
  for (auto& [name, line] : State().through.lines_) {
    if (line.reader == client) line.reader = nullptr;
  }
  return rm::ReplyWithNull(ctx);
}

void WriteThrough::OnReaderGone(rm::Ctx*, rm::BlockedClient* client) {
  for (auto& [name, line] : State().through.lines_) {
    if (line.reader != client) continue;
    line.reader = nullptr;
    rm::UnblockClient(client, nullptr);
  }
}

int WriteThrough::OnTimeout(rm::Ctx* ctx, rm::String**, int) {
  WriteThrough& through = State().through;
  const auto found = through.clients_.find(rm::GetBlockedClientHandle(ctx));
  if (found == through.clients_.end()) {
    return rm::ReplyWithError(ctx, kInDoubt.data());
  }
  const JobPtr job = found->second;
  through.clients_.erase(found);
  job->client = nullptr;
  job->cancelled = !job->handed;
  return rm::ReplyWithError(
      ctx, job->handed ? kInDoubt.data() : kNothingHappened.data());
}

void WriteThrough::OnClientGone(rm::Ctx*, rm::BlockedClient* client) {
  WriteThrough& through = State().through;
  const auto found = through.clients_.find(client);
  if (found == through.clients_.end()) return;  // it was unblocked already
  found->second->client = nullptr;
  through.clients_.erase(found);
  rm::UnblockClient(client, nullptr);
}

}  // namespace regear

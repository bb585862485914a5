#include "module/document_write.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "module/json_document.h"
#include "module/own_writes.h"
#include "module/text.h"

namespace regear {

namespace {

bool IsRoot(std::string_view path) { return path == "$" || path == "."; }

bool Is(const ThroughJob& job, std::string_view name) {
  return SameIgnoringCase(View(job.words.front().get()), name);
}

// What the key holds does not matter.
bool SetsWholeDocument(rm::Ctx* ctx, const ThroughJob& job) {
  if (!Is(job, "json.set") || job.words.size() != 4 ||
      !IsRoot(View(job.words[2].get()))) {
    return false;
  }
  const KeyPtr key(rm::OpenKey(ctx, job.words[1].get(), rm::kOpenRead));
  const int type = key == nullptr ? rm::kKeyEmpty : rm::KeyType(key.get());
  return type == rm::kKeyEmpty || HoldsDocument(ctx, job.words[1].get());
}

// Whatever the key holds, it will be gone.
bool DeletesWholeDocument(const ThroughJob& job) {
  if (!Is(job, "json.del") && !Is(job, "json.forget")) return false;
  return job.words.size() == 2 ||
         (job.words.size() == 3 && IsRoot(View(job.words[2].get())));
}

// A copy of a key for as long as this lives; not replicated.
class ScratchKey {
 public:
  ScratchKey(rm::Ctx* ctx, size_t number)
      : ctx_(ctx),
        name_(MakeString("_regear:scratch:" + std::to_string(number))) {
    Remove();
  }
  ~ScratchKey() { Remove(); }
  ScratchKey(const ScratchKey&) = delete;
  ScratchKey& operator=(const ScratchKey&) = delete;

  rm::String* name() const { return name_.get(); }
  void CopyFrom(rm::String* key) {
    const CallReplyPtr reply(rm::Call(ctx_, "COPY", "ss", key, name_.get()));
  }

 private:
  void Remove() {
    const CallReplyPtr reply(rm::Call(ctx_, "DEL", "s", name_.get()));
  }

  rm::Ctx* const ctx_;
  const StringPtr name_;
};

using ScratchKeys = std::vector<std::unique_ptr<ScratchKey>>;

// The command, on the copies.
CallReplyPtr Rehearse(rm::Ctx* ctx, const ThroughJob& job,
                      const ScratchKeys& copies) {
  std::vector<rm::String*> words;
  words.reserve(job.words.size());
  for (const StringPtr& word : job.words) words.push_back(word.get());
  for (const int i : job.keys) {
    for (size_t part = 0; part < job.parts.size(); ++part) {
      if (View(job.parts[part].key.get()) == View(job.words[i].get())) {
        words[i] = copies[part]->name();
      }
    }
  }
  const std::string name(View(job.words.front().get()));
  return CallReplyPtr(rm::Call(ctx, name.c_str(), job.resp3 ? "E3v" : "Ev",
                               words.data() + 1, words.size() - 1));
}

void Describe(rm::Ctx* ctx, rm::String* copy, rm::String* field,
              KeyWrite* write) {
  StringPtr document = ReadDocument(ctx, copy);
  write->deletes = document == nullptr;
  write->document = !write->deletes;
  if (write->document) {
    write->set.push_back({Share(field), std::move(document)});
  }
}

}  // namespace

bool ForeseeDocuments(rm::Ctx* ctx, ThroughJob* job) {
  for (ThroughPart& part : job->parts) part.write = KeyWrite();
  const OwnWrites own;
  ScratchKeys copies;
  for (ThroughPart& part : job->parts) {
    copies.push_back(std::make_unique<ScratchKey>(ctx, copies.size()));
    if (!SetsWholeDocument(ctx, *job)) copies.back()->CopyFrom(part.key.get());
  }
  const CallReplyPtr reply = Rehearse(ctx, *job, copies);
  KeyWrite& first = job->parts.front().write;
  if (reply == nullptr) {
    first.error = "ERR the server does not run the command";
    return false;
  }
  if (rm::CallReplyType(reply.get()) == rm::kReplyError) {
    first.error = View(reply.get());
    return false;
  }
  job->foreseen = ReplyCopy(reply.get());
  if (job->foreseen.is_null()) return false;  // NX or XX does not hold
  rm::String* field = job->fields->fields().front().get();
  for (size_t i = 0; i < copies.size(); ++i) {
    Describe(ctx, copies[i]->name(), field, &job->parts[i].write);
  }
  // The row may be there without the key.
  if (DeletesWholeDocument(*job)) return true;
  return std::any_of(
      job->parts.begin(), job->parts.end(),
      [](const ThroughPart& part) { return !part.write.set.empty(); });
}

}  // namespace regear

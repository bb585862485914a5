#include "module/through_job.h"

#include <algorithm>
#include <utility>

#include "module/document_write.h"
#include "module/through_keys.h"

namespace regear {

namespace {

constexpr std::string_view kOperationField = "#";

bool HasMappedField(const KeyWrite& write, const CaptureRule& fields) {
  const auto mapped = [&](const StringPtr& field) {
    return fields.WantsField(View(field.get()));
  };
  return std::any_of(write.set.begin(), write.set.end(),
                     [&](const auto& pair) { return mapped(pair.field); }) ||
         std::any_of(write.cleared.begin(), write.cleared.end(), mapped);
}

void AddPart(ThroughJob* job, const ThroughRule& rule, std::string_view named) {
  const std::string_view key = RealKey(rule.prefix, named);
  const bool known = std::any_of(
      job->parts.begin(), job->parts.end(),
      [&](const auto& part) { return View(part.key.get()) == key; });
  if (known) return;
  ThroughPart& part = job->parts.emplace_back();
  part.key = MakeString(key);
  part.row_id = *ThroughId(rule.prefix, named);
}

void AddWords(ThroughJob* job, const ThroughRule& rule, rm::String** words,
              int count) {
  job->words.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    const std::string_view word = View(words[i]);
    if (std::binary_search(job->keys.begin(), job->keys.end(), i)) {
      AddPart(job, rule, word);
      job->words.push_back(MakeString(RealKey(rule.prefix, word)));
    } else if (job->command == ThroughCommand::kHset && i > 1 && i % 2 == 0 &&
               word == kOperationField) {
      ++i;  // nor its value
    } else {
      job->words.push_back(Share(words[i]));
    }
  }
}

void Obey(ThroughJob* job, std::string_view operation) {
  const char sign = operation.empty() ? '=' : operation[0];
  if (!operation.empty()) job->ack = operation.substr(1);
  job->redis_only = sign == '+' || sign == '-';
  if (sign != '~' && sign != '-') return;
  job->command = ThroughCommand::kDelete;
  job->words.resize(2);
  job->words[0] = MakeString("DEL");
}

}  // namespace

std::string_view OperationIn(ThroughCommand command, rm::String** words,
                             int count) {
  if (command != ThroughCommand::kHset) return {};
  std::string_view value;
  for (int i = 2; i + 1 < count; i += 2) {
    if (View(words[i]) == kOperationField) value = View(words[i + 1]);
  }
  return value;
}

bool IsKnownOperation(std::string_view value) {
  return value.empty() ||
         std::string_view("=+~-").find(value[0]) != std::string_view::npos;
}

ThroughJobPtr MakeThroughJob(rm::Ctx* ctx, const ThroughRule& rule,
                             ThroughCommand command, rm::String** words,
                             int count, std::vector<int> keys) {
  auto job = std::make_shared<ThroughJob>();
  job->registration = rule.name;
  job->fields = rule.fields;
  job->db = rm::GetSelectedDb(ctx);
  job->command = command;
  job->resp3 = (rm::GetContextFlags(ctx) & rm::kContextResp3) != 0;
  job->keys = std::move(keys);
  AddWords(job.get(), rule, words, count);
  Obey(job.get(), OperationIn(command, words, count));
  return job;
}

bool ForeseeJob(rm::Ctx* ctx, ThroughJob* job) {
  const DatabaseScope database(ctx, job->db);
  if (job->command == ThroughCommand::kDelete) {
    // The row may be there without the key.
    for (ThroughPart& part : job->parts) part.write.deletes = true;
    return !job->redis_only;
  }
  if (job->command == ThroughCommand::kDocument) {
    return ForeseeDocuments(ctx, job);
  }
  KeyWrite& write = job->parts.front().write;
  write = Foresee(ctx, job->command, job->words);
  if (job->redis_only || !write.error.empty()) return false;
  return write.deletes || HasMappedField(write, *job->fields);
}

}  // namespace regear

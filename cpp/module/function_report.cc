#include "module/function_report.h"

#include <cstdio>
#include <string>
#include <string_view>

#include "module/command_arguments.h"
#include "module/named_reply.h"
#include "module/registration_report.h"

namespace regear {

namespace {

using nlohmann::json;
using Reader = FunctionRegistration::Reader;

json Member(const FunctionRegistration& function, const char* name) {
  return MemberOf(function.definition(), name);
}

long long Number(const FunctionRegistration& function, const char* name) {
  return NumberOf(function.definition(), name);
}

std::string Average(long long total, long long count) {
  std::string text(32, '\0');
  const double average =
      count > 0 ? static_cast<double>(total) / static_cast<double>(count) : 0;
  const int size = std::snprintf(text.data(), text.size(), "%.6f", average);
  text.resize(static_cast<size_t>(size));
  return text;
}

void ReplyCounts(rm::Ctx* ctx, const FunctionRegistration& function) {
  const FunctionStats& stats = function.stats;
  ReplyText(ctx, "mode", Member(function, "mode"));
  ReplyNumber(ctx, "numTriggered", stats.triggered);
  ReplyNumber(ctx, "numSuccess", stats.success);
  ReplyNumber(ctx, "numFailures", stats.failures);
  ReplyNumber(ctx, "numAborted", stats.aborted);
  ReplyNumber(ctx, "lastRunDurationMS", stats.last_ms);
  ReplyNumber(ctx, "totalRunDurationMS", stats.total_ms);
  Reply(ctx, "avgRunDurationMS");
  Reply(ctx, Average(stats.total_ms, stats.success + stats.failures));
}

void ReplyLastError(rm::Ctx* ctx, const FunctionStats& stats) {
  ReplyText(ctx, "lastError",
            stats.last_error ? json(*stats.last_error) : json());
}

void ReplyKeysReader(rm::Ctx* ctx, const FunctionRegistration& function) {
  rm::ReplyWithArray(ctx, 20);
  ReplyCounts(ctx, function);
  ReplyLastError(ctx, function.stats);
  Reply(ctx, "args");
  rm::ReplyWithArray(ctx, 8);
  ReplyText(ctx, "regex", Member(function, "prefix"));
  ReplyTexts(ctx, "eventTypes", Member(function, "events"));
  ReplyTexts(ctx, "keyTypes", Member(function, "key_types"));
  ReplyTexts(ctx, "hookCommands", json());
}

void ReplyStreamReader(rm::Ctx* ctx, const FunctionRegistration& function) {
  const FunctionStats& stats = function.stats;
  rm::ReplyWithArray(ctx, 26);
  ReplyCounts(ctx, function);
  ReplyNumber(ctx, "lastEstimatedLagMS", stats.last_lag_ms);
  Reply(ctx, "avgEstimatedLagMS");
  Reply(ctx, Average(stats.total_lag_ms, stats.success + stats.failures));
  ReplyLastError(ctx, stats);
  Reply(ctx, "args");
  rm::ReplyWithArray(ctx, 12);
  ReplyNumber(ctx, "batchSize", Number(function, "batch"));
  ReplyNumber(ctx, "durationMS", Number(function, "duration"));
  ReplyText(ctx, "stream", Member(function, "prefix"));
  ReplyNumber(ctx, "trimStream", Member(function, "trim") == true ? 1 : 0);
  ReplyText(ctx, "onFailedPolicy", Member(function, "policy"));
  ReplyNumber(ctx, "retryInterval", Number(function, "retry_interval"));
  ReplyText(ctx, "status", stats.status);
}

void ReplyCommandReader(rm::Ctx* ctx, const FunctionRegistration& function) {
  rm::ReplyWithArray(ctx, 20);
  ReplyCounts(ctx, function);
  ReplyLastError(ctx, function.stats);
  Reply(ctx, "args");
  rm::ReplyWithArray(ctx, 4);
  ReplyText(ctx, "trigger", Member(function, "trigger"));
  ReplyNumber(ctx, "inorder", Member(function, "inorder") == true ? 1 : 0);
}

}  // namespace

void ReplyWithFunction(rm::Ctx* ctx, const FunctionRegistration& function) {
  rm::ReplyWithArray(ctx, 12);
  ReplyText(ctx, "id", function.id());
  ReplyText(ctx, "reader", Member(function, "reader"));
  ReplyText(ctx, "desc", Member(function, "description"));
  Reply(ctx, "RegistrationData");
  switch (function.reader()) {
    case Reader::kKeys:
      ReplyKeysReader(ctx, function);
      break;
    case Reader::kStream:
      ReplyStreamReader(ctx, function);
      break;
    case Reader::kCommand:
      ReplyCommandReader(ctx, function);
      break;
  }
  ReplyText(
      ctx, "PD",
      PrivateData(function.session(), {function.id()}, function.definition()));
  ReplyText(ctx, "ExecutionThreadPool", "DefaultPool");
}

}  // namespace regear

#include "module/function_report.h"

#include <cstdio>
#include <string>
#include <string_view>

#include "module/command_arguments.h"
#include "module/registration_report.h"

namespace regear {

namespace {

using nlohmann::json;
using Reader = FunctionRegistration::Reader;

void ReplyNumber(rm::Ctx* ctx, std::string_view name, long long number) {
  Reply(ctx, name);
  rm::ReplyWithLongLong(ctx, number);
}

void ReplyText(rm::Ctx* ctx, std::string_view name, const json& text) {
  Reply(ctx, name);
  if (text.is_string()) {
    Reply(ctx, text.get<std::string>());
  } else {
    rm::ReplyWithNull(ctx);
  }
}

void ReplyTexts(rm::Ctx* ctx, std::string_view name, const json& texts) {
  Reply(ctx, name);
  if (!texts.is_array()) {
    rm::ReplyWithNull(ctx);
    return;
  }
  rm::ReplyWithArray(ctx, static_cast<long>(texts.size()));
  for (const json& text : texts) Reply(ctx, text.get<std::string>());
}

json Member(const FunctionRegistration& function, const char* name) {
  return function.definition().value(name, json());
}

long long Number(const FunctionRegistration& function, const char* name) {
  const json number = Member(function, name);
  return number.is_number() ? number.get<long long>() : 0;
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

#include "module/host_stream_commands.h"

#include <stdexcept>
#include <string>
#include <vector>

#include "module/ack.h"
#include "module/module_state.h"
#include "module/stream_id.h"

namespace regear {

namespace {

const Registration& Named(std::string_view name) {
  const Registration* registration = State().registry.Find(name);
  if (registration == nullptr) {
    throw std::invalid_argument("no registration is named " +
                                std::string(name));
  }
  return *registration;
}

// The stream of `registration` that keeps its dead or its parked changes.
StringPtr KeptStream(const Registration& registration, std::string_view kind) {
  const std::string name =
      kind == "dead" || kind == "parked" ? registration.Text(kind.data()) : "";
  if (name.empty()) {
    throw std::invalid_argument("the registration has no stream " +
                                std::string(kind));
  }
  return MakeString(name);
}

std::string TextOf(const CallReplyPtr& reply) {
  size_t length = 0;
  const char* text =
      reply == nullptr ? nullptr : rm::CallReplyStringPtr(reply.get(), &length);
  return text == nullptr ? std::string() : std::string(text, length);
}

bool IsError(const CallReplyPtr& reply) {
  return reply == nullptr || rm::CallReplyType(reply.get()) == rm::kReplyError;
}

CallReplyPtr AddEntry(rm::Ctx* ctx, rm::String* stream, std::string_view id,
                      const CommandArguments& arguments, size_t first) {
  return CallReplyPtr(rm::Call(ctx, "XADD", "!sbv", stream, id.data(),
                               id.size(), arguments.From(first),
                               arguments.size() - first));
}

bool HasEntry(rm::Ctx* ctx, rm::String* stream, rm::String* id) {
  const CallReplyPtr found(rm::Call(ctx, "XRANGE", "sss", stream, id, id));
  return !IsError(found) && rm::CallReplyLength(found.get()) > 0;
}

}  // namespace

int HostTrim(rm::Ctx* ctx, const CommandArguments& arguments) {
  State().backlog.Trim(ctx, arguments.String(1),
                       ParseStreamId(arguments.Text(2)));
  return rm::ReplyWithSimpleString(ctx, "OK");
}

int HostCapture(rm::Ctx* ctx, const CommandArguments& arguments) {
  const Registration& registration = Named(arguments.Text(1));
  size_t captured = 0;
  std::vector<rm::String*> missing;
  for (size_t i = 3; i < arguments.size(); ++i) {
    rm::String* key = arguments.String(i);
    if (!registration.rule->MatchesPrefix(View(key))) continue;
    const KeyKind kind = State().capture.Recapture(ctx, registration.rule, key,
                                                   arguments.Text(2));
    if (kind == KeyKind::kMissing) {
      missing.push_back(key);
    } else {
      ++captured;
    }
  }
  rm::ReplyWithArray(ctx, 2);
  rm::ReplyWithLongLong(ctx, static_cast<long long>(captured));
  rm::ReplyWithArray(ctx, static_cast<long>(missing.size()));
  for (rm::String* key : missing) rm::ReplyWithString(ctx, key);
  return rm::kOk;
}

// Idempotent as long as ids grow: a host that died before it had committed
// the rest of the batch sends the same change again.
int HostDead(rm::Ctx* ctx, const CommandArguments& arguments) {
  const StringPtr stream =
      KeptStream(Named(arguments.Text(1)), arguments.Text(2));
  if (arguments.size() % 2 != 0) {
    throw std::invalid_argument("a field without a value");
  }
  const DatabaseScope database(ctx, 0);
  CallReplyPtr added =
      AddEntry(ctx, stream.get(), arguments.Text(3), arguments, 4);
  if (IsError(added)) {
    if (HasEntry(ctx, stream.get(), arguments.String(3))) {
      return rm::ReplyWithStringBuffer(ctx, "", 0);
    }
    added = AddEntry(ctx, stream.get(), "*", arguments, 4);
  }
  const std::string text = TextOf(added);
  if (IsError(added)) {
    return rm::ReplyWithError(ctx, text.empty()
                                       ? "ERR the dead letter cannot be kept"
                                       : text.c_str());
  }
  return rm::ReplyWithStringBuffer(ctx, text.data(), text.size());
}

int HostClose(rm::Ctx* ctx, const CommandArguments& arguments) {
  const StringPtr stream =
      KeptStream(Named(arguments.Text(1)), arguments.Text(2));
  const DatabaseScope database(ctx, 0);
  const CallReplyPtr removed(rm::Call(ctx, "XDEL", "!sv", stream.get(),
                                      arguments.From(3), arguments.size() - 3));
  return rm::ReplyWithLongLong(
      ctx, IsError(removed) ? 0 : rm::CallReplyInteger(removed.get()));
}

int HostAck(rm::Ctx* ctx, const CommandArguments& arguments) {
  const DatabaseScope database(ctx, Named(arguments.Text(1)).rule->db());
  for (size_t i = 2; i + 2 < arguments.size(); i += 3) {
    SendAck(ctx, arguments.String(i), arguments.Text(i + 1),
            arguments.Text(i + 2));
  }
  return rm::ReplyWithSimpleString(ctx, "OK");
}

int HostReconcile(rm::Ctx* ctx, const CommandArguments& arguments) {
  const std::string_view reason = arguments.Text(2);
  State().registry.Note(ctx, arguments.Text(1), "reconcile",
                        reason.empty() ? nlohmann::json() : reason);
  return rm::ReplyWithSimpleString(ctx, "OK");
}

}  // namespace regear

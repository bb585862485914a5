#include "module/host_stream_commands.h"

#include <stdexcept>
#include <string>
#include <vector>

#include "module/ack.h"
#include "module/module_state.h"
#include "module/recapture.h"
#include "module/stream_entries.h"
#include "module/stream_id.h"

namespace regear {

namespace {

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

}  // namespace

int HostTrim(rm::Ctx* ctx, const CommandArguments& arguments) {
  State().backlog.Trim(ctx, arguments.String(1),
                       ParseStreamId(arguments.Text(2)));
  return rm::ReplyWithSimpleString(ctx, "OK");
}

int HostCapture(rm::Ctx* ctx, const CommandArguments& arguments) {
  const Registration& registration = State().registry.Named(arguments.Text(1));
  const Recaptured done = RecaptureKeys(ctx, State().capture, registration,
                                        arguments.Text(2), arguments.Texts(3));
  return ReplyRecaptured(ctx, done);
}

// Idempotent as long as ids grow: a host that died before it had committed
// the rest of the batch sends the same change again.
int HostDead(rm::Ctx* ctx, const CommandArguments& arguments) {
  const StringPtr stream =
      KeptStream(State().registry.Named(arguments.Text(1)), arguments.Text(2));
  if (arguments.size() % 2 != 0) {
    throw std::invalid_argument("a field without a value");
  }
  const DatabaseScope database(ctx, 0);
  CallReplyPtr added =
      AddEntry(ctx, stream.get(), arguments.Text(3), arguments, 4);
  if (IsError(added)) {
    const std::string_view id = arguments.Text(3);
    if (!ReadStream(ctx, View(stream.get()), id, id, 1).empty()) {
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
      KeptStream(State().registry.Named(arguments.Text(1)), arguments.Text(2));
  const DatabaseScope database(ctx, 0);
  return rm::ReplyWithLongLong(
      ctx, DeleteEntries(ctx, View(stream.get()), arguments.Texts(3)));
}

int HostAck(rm::Ctx* ctx, const CommandArguments& arguments) {
  const DatabaseScope database(
      ctx, State().registry.Named(arguments.Text(1)).rule->db());
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

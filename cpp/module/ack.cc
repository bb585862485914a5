#include "module/ack.h"

namespace regear {

namespace {
constexpr const char* kAckSeconds = "3600";
}  // namespace

void SendAck(rm::Ctx* ctx, rm::String* stream, std::string_view status,
             std::string_view error) {
  const CallReplyPtr added(
      error.empty() ? rm::Call(ctx, "XADD", "!sccb", stream, "*", "status",
                               status.data(), status.size())
                    : rm::Call(ctx, "XADD", "!sccbcb", stream, "*", "status",
                               status.data(), status.size(), "error",
                               error.data(), error.size()));
  const CallReplyPtr expires(
      rm::Call(ctx, "EXPIRE", "!sc", stream, kAckSeconds));
}

}  // namespace regear

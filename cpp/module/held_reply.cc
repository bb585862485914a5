#include "module/held_reply.h"

namespace regear {

HeldReply::~HeldReply() {
  if (client_ == nullptr) return;
  rm::FreeThreadSafeContext(reply_ctx_);
  rm::UnblockClient(client_, nullptr);
}

void HeldReply::Hold(rm::Ctx* ctx, rm::CallReply* reply) {
  client_ = rm::BlockClient(ctx, nullptr, nullptr, nullptr, 0);
  // The reply does not outlive its command: it is kept as what is sent.
  reply_ctx_ = rm::GetThreadSafeContext(client_);
  rm::ReplyWithCallReply(reply_ctx_, reply);
}

}  // namespace regear

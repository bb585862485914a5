#include "module/reply_copy.h"

#include "module/command_arguments.h"

namespace regear {

ReplyCopy::ReplyCopy(rm::CallReply* reply) {
  switch (rm::CallReplyType(reply)) {
    case rm::kReplyString:
      kind_ = Kind::kText;
      text_ = View(reply);
      break;
    case rm::kReplyInteger:
      kind_ = Kind::kInteger;
      integer_ = rm::CallReplyInteger(reply);
      break;
    case rm::kReplyDouble:
      kind_ = Kind::kDouble;
      number_ = rm::CallReplyDouble(reply);
      break;
    case rm::kReplyArray:
      kind_ = Kind::kArray;
      for (size_t i = 0; i < rm::CallReplyLength(reply); ++i) {
        elements_.emplace_back(rm::CallReplyArrayElement(reply, i));
      }
      break;
    default:
      break;
  }
}

void ReplyCopy::Send(rm::Ctx* ctx) const {
  switch (kind_) {
    case Kind::kNull:
      rm::ReplyWithNull(ctx);
      return;
    case Kind::kText:
      // The server does not tell +OK from a text; no document is OK.
      if (text_ == "OK") {
        rm::ReplyWithSimpleString(ctx, "OK");
      } else {
        Reply(ctx, text_);
      }
      return;
    case Kind::kInteger:
      rm::ReplyWithLongLong(ctx, integer_);
      return;
    case Kind::kDouble:
      rm::ReplyWithDouble(ctx, number_);
      return;
    case Kind::kArray:
      rm::ReplyWithArray(ctx, static_cast<long>(elements_.size()));
      for (const ReplyCopy& element : elements_) element.Send(ctx);
  }
}

}  // namespace regear

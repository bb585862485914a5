#include "module/resp_reply.h"

#include <string>

#include "module/command_arguments.h"
#include "module/text.h"

namespace regear {

namespace {

constexpr int kMaxDepth = 32;

// Reads replies one after another. Sends what it reads to `ctx`; null: only
// looks.
class Reader {
 public:
  Reader(rm::Ctx* ctx, std::string_view rest) : ctx_(ctx), rest_(rest) {}

  bool at_end() const { return rest_.empty(); }

  bool Read(int depth) {
    if (rest_.empty() || depth > kMaxDepth) return false;
    const char kind = rest_.front();
    const size_t end = rest_.find("\r\n");
    if (end == std::string_view::npos) return false;
    const std::string_view line = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 2);
    switch (kind) {
      case '+':
        if (ctx_) rm::ReplyWithSimpleString(ctx_, std::string(line).c_str());
        return true;
      case '-':
        if (ctx_) rm::ReplyWithError(ctx_, std::string(line).c_str());
        return true;
      case ':':
        return ReadInteger(line);
      case '$':
        return ReadBulk(line);
      case '*':
        return ReadArray(line, depth);
      default:
        return false;
    }
  }

 private:
  bool ReadInteger(std::string_view line) {
    const auto number = ParseNumber<long long>(line);
    if (!number) return false;
    if (ctx_) rm::ReplyWithLongLong(ctx_, *number);
    return true;
  }

  bool ReadBulk(std::string_view line) {
    const auto size = ParseNumber<long long>(line);
    if (!size || *size < -1) return false;
    if (*size == -1) {
      if (ctx_) rm::ReplyWithNull(ctx_);
      return true;
    }
    const auto bytes = static_cast<size_t>(*size);
    if (rest_.size() < 2 || bytes > rest_.size() - 2) return false;
    if (rest_.substr(bytes, 2) != "\r\n") return false;
    if (ctx_) Reply(ctx_, rest_.substr(0, bytes));
    rest_.remove_prefix(bytes + 2);
    return true;
  }

  bool ReadArray(std::string_view line, int depth) {
    const auto size = ParseNumber<long long>(line);
    if (!size || *size < 0) return false;
    if (ctx_) rm::ReplyWithArray(ctx_, static_cast<long>(*size));
    for (long long i = 0; i < *size; ++i) {
      if (!Read(depth + 1)) return false;
    }
    return true;
  }

  rm::Ctx* const ctx_;
  std::string_view rest_;
};

}  // namespace

bool IsWholeResp(std::string_view resp) {
  Reader reader(nullptr, resp);
  return reader.Read(1) && reader.at_end();
}

void SendResp(rm::Ctx* ctx, std::string_view resp) {
  Reader(ctx, resp).Read(1);
}

}  // namespace regear

#include "redis/reply.h"

#include <charconv>

namespace regear {

namespace {

struct ErrorClass {
  std::string_view word;
  StatusCode code;
  std::string_view hint;
};

constexpr std::string_view kPasswordHint =
    "give user and password in the URL: redis://user:password@host:port";

constexpr ErrorClass kErrorClasses[] = {
    {"FENCED", StatusCode::kFenced, ""},
    {"NOAUTH", StatusCode::kStop, kPasswordHint},
    {"WRONGPASS", StatusCode::kStop, kPasswordHint},
    {"NOPERM", StatusCode::kStop,
     "grant the user what the message names, with ACL SETUSER"},
    {"LOADING", StatusCode::kRetry, ""},
    {"READONLY", StatusCode::kRetry, ""},
    {"BUSY", StatusCode::kRetry, ""},
    {"TRYAGAIN", StatusCode::kRetry, ""},
    {"MASTERDOWN", StatusCode::kRetry, ""},
    {"CLUSTERDOWN", StatusCode::kRetry, ""},
    {"NOREPLICAS", StatusCode::kRetry, ""},
    {"MISCONF", StatusCode::kRetry, ""},
    {"OOM", StatusCode::kRetry, ""},
    {"UNBLOCKED", StatusCode::kRetry, ""},
    {"WRONGTYPE", StatusCode::kStop, ""},
};

}  // namespace

long long ReplyView::integer() const {
  if (is_integer()) return reply_->integer;
  long long number = 0;
  const std::string_view digits = text();
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

Status StatusOfErrorReply(std::string_view text) {
  const std::string_view word = text.substr(0, text.find(' '));
  for (const ErrorClass& known : kErrorClasses) {
    if (word == known.word) {
      return Status(known.code, std::string(text), std::string(known.hint));
    }
  }
  if (text.starts_with("ERR unknown command")) {
    return Status(StatusCode::kStop, std::string(text),
                  "load the module: loadmodule /path/to/regear.so");
  }
  return Status(StatusCode::kInvalid, std::string(text));
}

}  // namespace regear

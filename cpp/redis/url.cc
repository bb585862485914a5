#include "redis/url.h"

#include <charconv>
#include <optional>

namespace regear {

namespace {

// The text itself stays out of the message: it may hold a password.
Status Malformed(const std::string& what) {
  return Status(StatusCode::kInvalid, "malformed Redis URL: " + what,
                "redis://[user:password@]host[:port] or unix://path");
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned char byte = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const char* end = text.data() + i + 3;
    const auto [stop, error] =
        std::from_chars(text.data() + i + 1, end, byte, 16);
    if (error != std::errc() || stop != end) return std::nullopt;
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

bool RemovePrefix(std::string_view prefix, std::string_view* text) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

Status ParseUserInfo(std::string_view text, RedisUrl* url) {
  const size_t colon = text.find(':');
  const auto user = PercentDecode(text.substr(0, colon));
  const auto password =
      PercentDecode(colon == std::string_view::npos ? std::string_view()
                                                    : text.substr(colon + 1));
  if (!user || !password) return Malformed("a % without two hex digits");
  url->user = *user;
  url->password = *password;
  return Status::Ok();
}

Status ParsePort(std::string_view text, RedisUrl* url) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, url->port);
  if (error != std::errc() || stop != end || url->port < 1 ||
      url->port > 65535) {
    return Malformed("the port is not a number from 1 to 65535");
  }
  return Status::Ok();
}

Status ParseHost(std::string_view text, RedisUrl* url) {
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view database = text.substr(slash + 1);
    if (!database.empty() && database != "0") {
      return Malformed("a database number belongs into the recipe (db=…)");
    }
    text = text.substr(0, slash);
  }
  std::string_view rest;
  if (text.starts_with('[')) {
    const size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return Malformed("[ without ]");
    url->host = text.substr(1, bracket - 1);
    rest = text.substr(bracket + 1);
  } else {
    const size_t colon = text.find(':');
    url->host = text.substr(0, colon);
    if (colon != std::string_view::npos) rest = text.substr(colon);
  }
  if (url->host.empty()) return Malformed("no host");
  if (rest.empty()) return Status::Ok();
  if (!RemovePrefix(":", &rest)) return Malformed("text behind the host");
  return ParsePort(rest, url);
}

Status ParsePath(std::string_view text, RedisUrl* url) {
  const auto path = PercentDecode(text);
  if (!path) return Malformed("a % without two hex digits");
  if (path->empty()) return Malformed("no path");
  url->path = *path;
  return Status::Ok();
}

}  // namespace

Result<RedisUrl> RedisUrl::Parse(std::string_view text) {
  RedisUrl url;
  const bool is_path = RemovePrefix("unix://", &text);
  if (!is_path && !RemovePrefix("redis://", &text)) {
    return Malformed("it starts with neither redis:// nor unix://");
  }
  // The password may hold an unescaped @; a path may as well.
  const size_t at =
      is_path ? text.substr(0, text.find('/')).rfind('@') : text.rfind('@');
  if (at != std::string_view::npos) {
    REGEAR_RETURN_IF_ERROR(ParseUserInfo(text.substr(0, at), &url));
    text.remove_prefix(at + 1);
  }
  REGEAR_RETURN_IF_ERROR(is_path ? ParsePath(text, &url)
                                 : ParseHost(text, &url));
  return url;
}

std::string RedisUrl::ToString() const {
  if (host.empty()) return "unix://" + path;
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return "redis://" + (is_ipv6 ? "[" + host + "]" : host) + ":" +
         std::to_string(port);
}

}  // namespace regear

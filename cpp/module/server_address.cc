#include "module/server_address.h"

#include <cctype>
#include <filesystem>
#include <sstream>

#include "module/handles.h"
#include "module/text.h"

namespace regear {

namespace {

// Empty where it is not set, or CONFIG has been renamed.
std::string Setting(rm::Ctx* ctx, const char* name) {
  const CallReplyPtr reply(rm::Call(ctx, "CONFIG", "cc", "GET", name));
  if (reply == nullptr || rm::CallReplyType(reply.get()) != rm::kReplyArray ||
      rm::CallReplyLength(reply.get()) != 2) {
    return "";
  }
  return std::string(View(rm::CallReplyArrayElement(reply.get(), 1)));
}

// 0: there is none that takes connections without TLS.
unsigned long long Port(rm::Ctx* ctx) {
  if (const auto port = ParseInteger(Setting(ctx, "port"))) {
    return static_cast<unsigned long long>(*port);
  }
  rm::ServerInfo* info = rm::GetServerInfo(ctx, "server");
  int error = 0;
  const auto port = rm::ServerInfoGetFieldUnsigned(info, "tcp_port", &error);
  rm::FreeServerInfo(ctx, info);
  return error == 0 ? port : 0;
}

std::string PercentEncode(std::string_view path) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kUnescaped = "/-._~";
  std::string encoded;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || kUnescaped.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return encoded;
}

}  // namespace

std::string LocalAddress(std::string_view bind) {
  std::istringstream addresses{std::string(bind)};
  std::string first;
  for (std::string address; addresses >> address;) {
    if (address.starts_with('-')) address.erase(0, 1);  // may be missing
    if (address == "*" || address == "0.0.0.0" || address == "127.0.0.1") {
      return "127.0.0.1";
    }
    if (address == "::*" || address == "::") address = "::1";
    if (first.empty()) first = address;
  }
  return first.empty() ? "127.0.0.1" : first;
}

std::string LocalUrl(rm::Ctx* ctx, std::string_view user,
                     std::string_view password) {
  const std::string who = std::string(user) + ":" + std::string(password) + "@";
  if (const std::string path = Setting(ctx, "unixsocket"); !path.empty()) {
    return "unix://" + who +
           PercentEncode(std::filesystem::absolute(path).string());
  }
  const auto port = Port(ctx);
  if (port == 0) return "";
  const std::string address = LocalAddress(Setting(ctx, "bind"));
  const bool ipv6 = address.find(':') != std::string::npos;
  return "redis://" + who + (ipv6 ? "[" + address + "]" : address) + ":" +
         std::to_string(port);
}

}  // namespace regear

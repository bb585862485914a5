#include "module/atomic_block.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>

#include "module/function_call.h"
#include "module/text.h"

namespace regear {

namespace {

using std::chrono::milliseconds;

constexpr size_t kMaxInput = 64 * 1024 * 1024;
constexpr long long kMaxWords = 1024 * 1024;

// "<marker><number>\r\n" at `*at`; moves it behind.
std::optional<long long> TakeNumber(std::string_view input, char marker,
                                    size_t* at) {
  if (*at >= input.size() || input[*at] != marker) return std::nullopt;
  const size_t end = input.find("\r\n", *at);
  if (end == std::string_view::npos) return std::nullopt;
  const auto number =
      ParseNumber<long long>(input.substr(*at + 1, end - *at - 1));
  *at = end + 2;
  return number;
}

}  // namespace

AtomicBlock::~AtomicBlock() {
  if (socket_ >= 0) close(socket_);
}

std::string AtomicBlock::Serve(std::string_view name) {
  if (!Connect(name)) {
    return "ERR the host cannot be reached: atomic() needs a host on the "
           "server's machine";
  }
  std::vector<StringPtr> words;
  for (;;) {
    const Read read = ReadCommand(&words);
    if (read == Read::kEnd) return "";
    if (read == Read::kFailed || !Answer(words)) break;
  }
  return late_ ? "ERR the atomic block took longer than AtomicTimeout"
               : "ERR the host left its atomic block";
}

bool AtomicBlock::Connect(std::string_view name) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  // The first byte is 0: no file.
  if (name.empty() || name.size() >= sizeof(address.sun_path)) return false;
  std::copy(name.begin(), name.end(), address.sun_path + 1);
  socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const auto size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return socket_ >= 0 &&
         connect(socket_, reinterpret_cast<const sockaddr*>(&address), size) ==
             0;
}

AtomicBlock::Read AtomicBlock::ReadCommand(std::vector<StringPtr>* words) {
  while (!ParseCommand(words)) {
    if (input_.size() > kMaxInput || !Receive()) return Read::kFailed;
  }
  if (words->empty()) return Read::kFailed;
  return View(words->front().get()) == "END" ? Read::kEnd : Read::kCommand;
}

// False: there is more to come.
bool AtomicBlock::ParseCommand(std::vector<StringPtr>* words) {
  words->clear();
  size_t at = 0;
  const auto count = TakeNumber(input_, '*', &at);
  if (!count || *count > kMaxWords) return false;
  for (long long i = 0; i < *count; ++i) {
    const auto size = TakeNumber(input_, '$', &at);
    if (!size || *size < 0) return false;
    const auto bytes = static_cast<size_t>(*size);
    if (input_.size() < at || input_.size() - at < bytes + 2) return false;
    words->push_back(MakeString(std::string_view(input_).substr(at, bytes)));
    at += bytes + 2;
  }
  input_.erase(0, at);
  return true;
}

bool AtomicBlock::Answer(const std::vector<StringPtr>& words) {
  std::vector<rm::String*> argv;
  argv.reserve(words.size());
  for (const StringPtr& word : words) argv.push_back(word.get());
  std::string error;
  const CallReplyPtr reply =
      CallForFunction(ctx_, argv.data(), static_cast<int>(argv.size()), &error);
  if (reply == nullptr) return Send("-" + error + "\r\n");
  size_t size = 0;
  const char* bytes = rm::CallReplyProto(reply.get(), &size);
  return Send({bytes, size});
}

bool AtomicBlock::Receive() {
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    if (!WaitFor(POLLIN)) return false;
    const ssize_t got = recv(socket_, buffer.data(), buffer.size(), 0);
    if (got > 0) {
      input_.append(buffer.data(), static_cast<size_t>(got));
      return true;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) return false;
  }
}

bool AtomicBlock::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!WaitFor(POLLOUT)) return false;
    const ssize_t sent =
        send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno != EAGAIN && errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool AtomicBlock::WaitFor(short events) {
  const auto left =
      std::chrono::ceil<milliseconds>(deadline_ - Clock::now()).count();
  pollfd waiting = {socket_, events, 0};
  if (left > 0 && poll(&waiting, 1, static_cast<int>(left)) > 0) return true;
  late_ = Clock::now() >= deadline_;
  return false;
}

}  // namespace regear

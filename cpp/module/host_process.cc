#include "module/host_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "module/guard.h"
#include "module/module_state.h"
#include "module/server_address.h"

namespace regear {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kWatchInterval{100};
constexpr milliseconds kFirstDelay{100};
constexpr milliseconds kLongestDelay{30'000};
// A host that attached lives well: the next one may start at once.
constexpr seconds kGoodLife{10};
// So long those who have work for it wait until one is started, and until it
// has attached.
constexpr seconds kLongestWait{1};
constexpr seconds kStartTime{30};
// Without a lease for so long it hangs.
constexpr seconds kLongestSilence{60};
// For what it is doing when it is asked to stop.
constexpr seconds kStopTime{10};
constexpr size_t kLongestLine = 1000;

std::string HowItEnded(int status) {
  if (WIFSIGNALED(status)) {
    return "was killed by signal " + std::to_string(WTERMSIG(status));
  }
  return "ended with exit code " + std::to_string(WEXITSTATUS(status));
}

// Signals as in a new program: the server ignores SIGPIPE and SIGHUP. A
// session of its own, so that Ctrl-C in a terminal is the server's alone.
void SetAttributes(posix_spawnattr_t* attributes) {
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(attributes, &signals);
  sigaddset(&signals, SIGPIPE);
  sigaddset(&signals, SIGHUP);
  posix_spawnattr_setsigdefault(attributes, &signals);
  posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
                                           POSIX_SPAWN_SETSIGDEF |
                                           POSIX_SPAWN_SETSID);
}

// None of the server's files but `socket`.
void SetFiles(posix_spawn_file_actions_t* actions, int socket) {
  posix_spawn_file_actions_adddup2(actions, socket, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(actions, socket, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}

}  // namespace

void HostProcess::Configure(const ModuleArguments& arguments) {
  HostCommandLine found = FindHost(arguments);
  if (!found.error.empty()) NotStarted(found.error);
  command_ = std::move(found.words);
  // The server has changed to its own folder, which may be another one later.
  folder_ =
      std::filesystem::current_path() / ArgumentNamed(arguments, "HostData");
}

void HostProcess::Follow() {
  if (command_.empty()) return;
  if (State().server.replica()) {
    Stop();
  } else if (pid_ == 0) {
    delay_ = milliseconds(0);
    StartLater(delay_);
  }
}

void HostProcess::StartLater(milliseconds delay) {
  if (delay < kLongestWait) link_.Expect();
  if (std::exchange(start_is_due_, true)) return;
  const auto start = [](rm::Ctx* ctx, void* data) {
    auto* self = static_cast<HostProcess*>(data);
    self->start_is_due_ = false;
    Guarded(ctx, "starting the host", [&] { self->Start(); });
  };
  rm::CreateTimer(State().context.get(), delay.count(), start, this);
}

void HostProcess::Start() {
  // What it waits for calls Follow.
  if (pid_ != 0 || !State().server.captures()) return;
  std::array<int, 2> ends;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return NotStarted(std::strerror(errno));
  }
  socket_ = ends[0];
  fcntl(socket_, F_SETFL, O_NONBLOCK);
  const std::string failure = Spawn(ends[1]);
  close(ends[1]);
  if (!failure.empty()) {
    CloseSocket();
    auth_.Revoke();
    delay_ = kLongestDelay;
    NotStarted(failure);
    return StartLater(delay_);
  }
  rm::EventLoopAdd(
      socket_, rm::kEventLoopReadable,
      [](int, void* data, int) {
        Guarded(State().context.get(), "the host's log",
                [&] { static_cast<HostProcess*>(data)->ReadLog(); });
      },
      this);
  started_ = attached_ = Clock::now();
  stopping_ = false;
  link_.Expect();
  WatchLater();
}

std::string HostProcess::Spawn(int socket) {
  const std::string url =
      LocalUrl(State().context.get(), HostAuth::kUser, auth_.Renew());
  if (url.empty()) {
    return "the server has no port without TLS: set unixsocket for its host";
  }
  std::string greeting =
      nlohmann::json{{"url", url}, {"folder", folder_}}.dump() + "\n";
  if (send(socket_, greeting.data(), greeting.size(), MSG_NOSIGNAL) < 0) {
    return std::strerror(errno);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  SetAttributes(&attributes);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  SetFiles(&files, socket);
  std::vector<char*> words;
  for (std::string& word : command_) words.push_back(word.data());
  words.push_back(nullptr);
  // Unlike fork it copies no tables of a large server's memory.
  const int error =
      posix_spawn(&pid_, words[0], &files, &attributes, words.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error == 0) return "";
  pid_ = 0;
  return command_[0] + ": " + std::strerror(error) +
         "; `regear doctor` finds out why";
}

void HostProcess::Stop() {
  if (pid_ == 0 || stopping_) return;
  stopping_ = true;
  started_ = Clock::now();
  auth_.Revoke();
  if (socket_ >= 0) shutdown(socket_, SHUT_WR);
}

void HostProcess::WatchLater() {
  const auto watch = [](rm::Ctx* ctx, void* data) {
    Guarded(ctx, "watching the host",
            [&] { static_cast<HostProcess*>(data)->Watch(); });
  };
  rm::CreateTimer(State().context.get(), kWatchInterval.count(), watch, this);
}

void HostProcess::Watch() {
  int status = 0;
  const pid_t ended = waitpid(pid_, &status, WNOHANG);
  // -1: the server itself has waited for all its children.
  if (ended != 0) return OnEnded(ended < 0 ? "ended" : HowItEnded(status));
  const auto now = Clock::now();
  if (link_.held()) attached_ = now;
  if (now - attached_ > kStartTime && link_.accepts()) {
    link_.ExpectNone("the host does not answer, see the log of Redis");
  }
  if (now - attached_ > kLongestSilence ||
      (stopping_ && now - started_ > kStopTime)) {
    kill(pid_, SIGKILL);
  }
  WatchLater();
}

void HostProcess::OnEnded(std::string_view how) {
  ReadLog();
  CloseSocket();
  auth_.Revoke();
  const pid_t pid = std::exchange(pid_, 0);
  const bool lived_well =
      attached_ > started_ && Clock::now() - started_ > kGoodLife;
  if (stopping_ || lived_well) delay_ = milliseconds(0);
  if (stopping_ && !State().server.captures()) return;
  rm::Log(State().context.get(), "warning",
          "the host (pid %d) %s: another one is started in %lld ms",
          static_cast<int>(pid), std::string(how).c_str(),
          static_cast<long long>(delay_.count()));
  if (delay_ >= kLongestWait) {
    link_.ExpectNone("the host ends again and again, see the log of Redis");
  }
  StartLater(delay_);
  delay_ = std::clamp(2 * delay_, kFirstDelay, kLongestDelay);
}

void HostProcess::NotStarted(const std::string& reason) {
  const std::string absence = "none could be started: " + reason;
  if (link_.absence() != absence) {  // not the same with each attempt
    rm::Log(State().context.get(), "warning",
            "no host, though changes are captured: %s", absence.c_str());
  }
  link_.ExpectNone(absence);
}

// What is there now; a flood of it does not keep the server from its work.
void HostProcess::ReadLog() {
  std::array<char, 16 * 1024> buffer;
  const ssize_t length =
      socket_ < 0 ? -1 : recv(socket_, buffer.data(), buffer.size(), 0);
  if (length == 0) return CloseSocket();
  if (length < 0) return;
  for (const char c : std::string_view(buffer.data(), size_t(length))) {
    if (c == '\n' || line_.size() == kLongestLine) {
      LogLine(std::exchange(line_, {}));
    }
    if (c != '\n') line_ += c;
  }
}

// As for systemd, a line may begin with its level: <4>text.
void HostProcess::LogLine(std::string_view line) {
  const char* level = "warning";
  if (line.size() > 2 && line[0] == '<' && line[2] == '>') {
    if (line[1] == '5' || line[1] == '6') level = "notice";
    if (line[1] == '7') level = "debug";
    line.remove_prefix(3);
  }
  if (line.empty()) return;
  rm::Log(State().context.get(), level, "host: %s", std::string(line).c_str());
}

void HostProcess::CloseSocket() {
  if (socket_ < 0) return;
  rm::EventLoopDel(socket_, rm::kEventLoopReadable);
  close(std::exchange(socket_, -1));
  if (!line_.empty()) LogLine(std::exchange(line_, {}));
}

}  // namespace regear

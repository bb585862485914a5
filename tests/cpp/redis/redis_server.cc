#include "redis/redis_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace regear {

namespace {

std::string MakeFolder() {
  std::string name = std::filesystem::temp_directory_path() / "regear-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  return name;
}

[[noreturn]] void RunServer(const std::vector<std::string>& command,
                            const std::string& log) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // never outlives the test
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& word : command) {
    argv.push_back(const_cast<char*>(word.c_str()));
  }
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  _exit(127);
}

}  // namespace

RedisServer::RedisServer(std::vector<std::string> arguments)
    : folder_(MakeFolder()), arguments_(std::move(arguments)) {
  Start();
}

RedisServer::~RedisServer() {
  Kill();
  std::filesystem::remove_all(folder_);
}

void RedisServer::Start() {
  const char* program = std::getenv("REDIS_SERVER");
  std::vector<std::string> command = {
      program != nullptr ? program : "redis-server",
      "--port",
      "0",
      "--unixsocket",
      folder_ + "/socket",
      "--dir",
      folder_,
      "--save",
      "",
      "--appendonly",
      "yes",
      "--appendfsync",
      "always",
      "--enable-debug-command",
      "yes"};
  command.insert(command.end(), arguments_.begin(), arguments_.end());
  const std::string log = folder_ + "/log";
  std::filesystem::remove(folder_ + "/socket");
  process_ = fork();
  if (process_ < 0) throw std::runtime_error("fork");
  if (process_ == 0) RunServer(command, log);
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    auto connection = Connection::Open({.url = url()});
    if (connection.ok()) {
      const auto pong = (*connection)->Call({"PING"});
      if (pong.ok() || pong.status().code() == StatusCode::kStop) return;
    }
    if (waitpid(process_, nullptr, WNOHANG) == process_) {
      process_ = 0;
      throw std::runtime_error("redis-server ended at once, see " + log);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  throw std::runtime_error("redis-server does not answer, see " + log);
}

void RedisServer::Kill() {
  if (process_ == 0) return;
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = 0;
}

void RedisServer::Freeze() { kill(process_, SIGSTOP); }
void RedisServer::Thaw() { kill(process_, SIGCONT); }

RedisUrl RedisServer::url() const {
  RedisUrl url;
  url.path = folder_ + "/socket";
  return url;
}

std::unique_ptr<Connection> RedisServer::Connect() {
  auto connection = Connection::Open({.url = url()});
  if (!connection.ok()) {
    throw std::runtime_error(connection.status().ToString());
  }
  return *std::move(connection);
}

Reply RedisServer::Run(std::vector<std::string_view> args) {
  auto reply = Connect()->Call(args);
  if (!reply.ok()) throw std::runtime_error(reply.status().ToString());
  return *std::move(reply);
}

}  // namespace regear

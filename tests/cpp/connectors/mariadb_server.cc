#include "connectors/mariadb_server.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

namespace regear::testing {

namespace {

namespace fs = std::filesystem;

std::string FindServer() {
  for (const char* path :
       {"/usr/sbin/mariadbd", "/usr/bin/mariadbd", "/usr/sbin/mysqld"}) {
    if (fs::exists(path)) return path;
  }
  return {};
}

// Starts nothing by itself: see Start. As root it runs as another user.
class Server {
 public:
  static std::unique_ptr<Server> Start(std::string* reason);
  ~Server() {
    if (guard_ != nullptr) pclose(guard_);
  }

  std::string socket() const { return folder_ + "/socket"; }

 private:
  Server(std::string program, std::string folder)
      : program_(std::move(program)), folder_(std::move(folder)) {}

  bool Shell(const std::string& command) const {
    return std::system((command + " >>" + folder_ + "/log 2>&1").c_str()) == 0;
  }
  // The server's command line, for a small and careless server. Its tmpdir is
  // its own: a server that starts removes the temporary tables that it finds
  // there, and another one crashes when it misses them.
  std::string Command() const;
  bool Initialise() const;
  bool Launch();

  std::string program_;
  std::string folder_;
  // A shell that waits for the end of this process, and then cleans up.
  FILE* guard_ = nullptr;
};

std::string Server::Command() const {
  return "env -u LD_PRELOAD " + program_ +
         " --no-defaults --datadir=" + folder_ + "/data" +
         " --tmpdir=" + folder_ + (geteuid() == 0 ? " --user=nobody" : "") +
         " --character-set-server=utf8mb4 --innodb-buffer-pool-size=32M"
         " --innodb-log-file-size=16M --innodb-flush-log-at-trx-commit=0"
         " --skip-innodb-doublewrite --performance-schema=OFF";
}

// What mariadb-install-db does, which Debian ships apart from the server.
bool Server::Initialise() const {
  const std::string share = "/usr/share/mysql";
  return Shell(
      "{ printf '%s;\\n' 'create database mysql' 'use mysql' "
      "'set @auth_root_socket=NULL' 'set @skip_auth_anonymous=1'; cat " +
      share + "/mysql_system_tables.sql " + share +
      "/mysql_system_tables_data.sql; } | " + Command() + " --bootstrap");
}

bool Server::Launch() {
  // The shell hears by the end of its input that this process has ended. A
  // server that ended before has something to say.
  const std::string guard =
      "trap '' INT TERM HUP; " + Command() +
      " --skip-networking --socket=" + socket() + " --pid-file=" + folder_ +
      "/pid >>" + folder_ +
      "/log 2>&1 </dev/null & server=$!; cat >/dev/null; "
      "kill -9 $server || tail -n 200 " +
      folder_ + "/log >&2; wait $server 2>/dev/null; rm -rf " + folder_;
  guard_ = popen(guard.c_str(), "we");
  if (guard_ == nullptr) return false;
  return Shell("for i in $(seq 600); do [ -S " + socket() +
               " ] && exit 0; sleep 0.05; done; exit 1");
}

std::unique_ptr<Server> Server::Start(std::string* reason) {
  const std::string program = FindServer();
  if (program.empty()) {
    *reason = "MariaDB's server program is not installed";
    return nullptr;
  }
  std::string folder =
      (fs::temp_directory_path() / "regear-mariadb-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr ||
      mkdir((folder + "/data").c_str(), 0700) != 0) {
    *reason = "cannot make a folder in " + fs::temp_directory_path().string();
    return nullptr;
  }
  if (geteuid() == 0) {
    const passwd* user = getpwnam("nobody");
    if (user == nullptr ||
        chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0 ||
        chown((folder + "/data").c_str(), user->pw_uid, user->pw_gid) != 0) {
      *reason = "no user to run MariaDB as";
      return nullptr;
    }
  }
  std::unique_ptr<Server> server(new Server(program, folder));
  if (server->Initialise() && server->Launch()) return server;
  std::ifstream log(folder + "/log");
  reason->assign(std::istreambuf_iterator<char>(log), {});
  *reason = "MariaDB does not start: " + *reason;
  return nullptr;
}

}  // namespace

std::string MariadbSocket(std::string* reason) {
  static std::string why;
  static const std::unique_ptr<Server> server = Server::Start(&why);
  *reason = why;
  return server == nullptr ? std::string() : server->socket();
}

}  // namespace regear::testing

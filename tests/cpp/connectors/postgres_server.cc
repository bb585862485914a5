#include "connectors/postgres_server.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

namespace regear::testing {

namespace {

namespace fs = std::filesystem;

// Where distributions put initdb and pg_ctl, newest version first.
fs::path FindBinaries() {
  for (int version = 18; version >= 11; --version) {
    const fs::path folder =
        "/usr/lib/postgresql/" + std::to_string(version) + "/bin";
    if (fs::exists(folder / "initdb")) return folder;
  }
  for (const char* folder : {"/usr/local/bin", "/usr/bin"}) {
    if (fs::exists(fs::path(folder) / "initdb")) return folder;
  }
  return {};
}

// Starts nothing by itself: see Start. The server refuses to run as root.
class Server {
 public:
  static std::unique_ptr<Server> Start(std::string* reason);
  ~Server() {
    if (guard_ != nullptr) pclose(guard_);
  }

  const std::string& folder() const { return folder_; }

 private:
  Server(fs::path binaries, std::string folder, std::string as_user)
      : binaries_(std::move(binaries)),
        folder_(std::move(folder)),
        as_user_(std::move(as_user)) {}

  bool Shell(const std::string& command) const {
    return std::system((command + " >>" + folder_ + "/log 2>&1").c_str()) == 0;
  }
  std::string Binary(const std::string& name) const {
    return as_user_ + (binaries_ / name).string();
  }
  bool Initialise() const;
  bool Launch();

  fs::path binaries_;
  std::string folder_;
  std::string as_user_;  // what to put before a command
  // A shell that waits for the end of this process, and then cleans up.
  FILE* guard_ = nullptr;
};

bool Server::Initialise() const {
  if (!Shell(Binary("initdb") + " -D " + folder_ +
             "/data -U postgres -A trust --no-sync --encoding=UTF8 "
             "--locale=C.UTF-8")) {
    return false;
  }
  std::ofstream(folder_ + "/data/pg_hba.conf")
      << "local all " << kPasswordRole << " scram-sha-256\n"
      << "local all all trust\n";
  return true;
}

bool Server::Launch() {
  const std::string control = Binary("pg_ctl") + " -D " + folder_ + "/data -w";
  if (!Shell(control + " -l " + folder_ + "/server.log -o \"-k " + folder_ +
             " -c listen_addresses='' -c fsync=off\" start")) {
    return false;
  }
  const std::string clean_up = "trap '' INT TERM HUP; cat >/dev/null; " +
                               control +
                               " -m immediate stop >/dev/null 2>&1; "
                               "rm -rf " +
                               folder_;
  guard_ = popen(clean_up.c_str(), "we");
  return guard_ != nullptr;
}

std::unique_ptr<Server> Server::Start(std::string* reason) {
  const fs::path binaries = FindBinaries();
  if (binaries.empty()) {
    *reason = "PostgreSQL's server programs are not installed";
    return nullptr;
  }
  std::string folder =
      (fs::temp_directory_path() / "regear-pg-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    *reason = "cannot make a folder in " + fs::temp_directory_path().string();
    return nullptr;
  }
  std::string as_user;
  if (geteuid() == 0) {
    const passwd* user = getpwnam("postgres");
    if (user == nullptr) user = getpwnam("nobody");
    if (user == nullptr ||
        chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) {
      *reason = "no user to run PostgreSQL as";
      return nullptr;
    }
    as_user = "cd / && setpriv --clear-groups --reuid=" +
              std::to_string(user->pw_uid) +
              " --regid=" + std::to_string(user->pw_gid) + " ";
  }
  std::unique_ptr<Server> server(new Server(binaries, folder, as_user));
  if (server->Initialise() && server->Launch()) return server;
  std::ifstream log(folder + "/log");
  reason->assign(std::istreambuf_iterator<char>(log), {});
  *reason = "PostgreSQL does not start: " + *reason;
  return nullptr;
}

}  // namespace

std::string PostgresSocketFolder(std::string* reason) {
  static std::string why;
  static const std::unique_ptr<Server> server = Server::Start(&why);
  *reason = why;
  return server == nullptr ? std::string() : server->folder();
}

}  // namespace regear::testing

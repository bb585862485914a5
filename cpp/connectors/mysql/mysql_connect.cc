#include "connectors/mysql/mysql_connect.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "connectors/mysql/mysql_schema.h"
#include "connectors/mysql/mysql_status.h"
#include "connectors/sql/numeric_text.h"

namespace regear::mysql {

namespace {

struct Timeout {
  const char* parameter;
  mysql_option option;
  unsigned seconds;  // unless the parameter says otherwise
};

// A statement that waits for a lock ends before the reading does: the server's
// innodb_lock_wait_timeout is 50 seconds.
constexpr std::array<Timeout, 3> kTimeouts = {{
    {"connect_timeout", MYSQL_OPT_CONNECT_TIMEOUT, 10},
    {"read_timeout", MYSQL_OPT_READ_TIMEOUT, 60},
    {"write_timeout", MYSQL_OPT_WRITE_TIMEOUT, 60},
}};

// Files and names for TLS; one of them given means that it has to be used.
constexpr std::array<std::pair<const char*, mysql_option>, 6> kTls = {{
    {"ssl_ca", MYSQL_OPT_SSL_CA},
    {"ssl_capath", MYSQL_OPT_SSL_CAPATH},
    {"ssl_cert", MYSQL_OPT_SSL_CERT},
    {"ssl_key", MYSQL_OPT_SSL_KEY},
    {"ssl_cipher", MYSQL_OPT_SSL_CIPHER},
    {"ssl_crl", MYSQL_OPT_SSL_CRL},
}};

// The others: "bulk" (0: rows go in multi-row statements) and "init_command"
// are the session's.
constexpr std::array<std::string_view, 10> kOthers = {
    "host", "port", "user",        "password",        "dbname",
    "bulk", "ssl",  "unix_socket", "ssl_verify_cert", "init_command"};

std::string ValueOf(const ConnectionParameters& parameters,
                    const std::string& name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string() : found->second;
}

const char* OrNull(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

bool IsKnown(std::string_view name) {
  const auto named = [name](const auto& known) { return known.first == name; };
  const auto timed = [name](const Timeout& known) {
    return known.parameter == name;
  };
  return std::any_of(kTimeouts.begin(), kTimeouts.end(), timed) ||
         std::any_of(kTls.begin(), kTls.end(), named) ||
         std::find(kOthers.begin(), kOthers.end(), name) != kOthers.end();
}

std::optional<unsigned> ParseCount(const std::string& text, unsigned max) {
  const auto number = sql::ParseInteger(text);
  if (!number || *number < 0 || *number > max) return std::nullopt;
  return static_cast<unsigned>(*number);
}

Status Malformed(const std::string& name, const std::string& value) {
  return Status(StatusCode::kStop,
                "connection parameter " + name + ": \"" + value + "\"");
}

Status SetTimeouts(MYSQL* connection, const ConnectionParameters& parameters) {
  for (const auto& [name, option, standard] : kTimeouts) {
    unsigned seconds = standard;
    if (const std::string given = ValueOf(parameters, name); !given.empty()) {
      const auto parsed = ParseCount(given, INT32_MAX);
      if (!parsed) return Malformed(name, given);
      seconds = *parsed;
    }
    mysql_options(connection, option, &seconds);
  }
  return Status::Ok();
}

bool IsOff(const std::string& value) {
  return value == "0" || value == "false" || value == "no";
}

// With an authority given the server has to prove itself, unless told not to.
void SetTls(MYSQL* connection, const ConnectionParameters& parameters) {
  bool wanted = false;
  for (const auto& [name, option] : kTls) {
    const std::string value = ValueOf(parameters, name);
    if (value.empty()) continue;
    mysql_options(connection, option, value.c_str());
    wanted = true;
  }
  const std::string tls = ValueOf(parameters, "ssl");
  if (!tls.empty()) wanted = !IsOff(tls);
  std::string verify = ValueOf(parameters, "ssl_verify_cert");
  const bool authority = !ValueOf(parameters, "ssl_ca").empty() ||
                         !ValueOf(parameters, "ssl_capath").empty();
  const my_bool enforce = wanted ? 1 : 0;
  const my_bool prove = verify.empty() ? authority : !IsOff(verify);
  mysql_options(connection, MYSQL_OPT_SSL_ENFORCE, &enforce);
  mysql_options(connection, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &prove);
}

Result<ConnectionHandle> Prepare(const ConnectionParameters& parameters) {
  for (const auto& [name, value] : parameters) {
    if (!IsKnown(name)) {
      return Status(StatusCode::kStop,
                    "unknown connection parameter \"" + name + "\"");
    }
  }
  // The first call is not safe among threads.
  static std::once_flag once;
  std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
  ConnectionHandle connection(mysql_init(nullptr));
  if (connection == nullptr) return Status(StatusCode::kRetry, "out of memory");
  REGEAR_RETURN_IF_ERROR(SetTimeouts(connection.get(), parameters));
  SetTls(connection.get(), parameters);
  const unsigned no_local_files = 0;
  const my_bool no_reconnect = 0;
  mysql_options(connection.get(), MYSQL_OPT_LOCAL_INFILE, &no_local_files);
  mysql_options(connection.get(), MYSQL_OPT_RECONNECT, &no_reconnect);
  mysql_options(connection.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_options4(connection.get(), MYSQL_OPT_CONNECT_ATTR_ADD, "program_name",
                 "regear");
  return connection;
}

std::string HintFor(unsigned error, const ConnectionParameters& parameters) {
  const sql::Dialect& dialect = MysqlDialect();
  const std::string user = dialect.Quote(ValueOf(parameters, "user")) + "@'%'";
  const std::string database = dialect.Quote(ValueOf(parameters, "dbname"));
  switch (error) {
    case kUnknownDatabase:
      return "CREATE DATABASE " + database;
    case kAccessDenied:
    case kAccessDeniedWithoutPassword:
      return "correct the user and the password, or: ALTER USER " + user +
             " IDENTIFIED BY '…'";
    case kAccessDeniedToDatabase:
      return "GRANT ALL ON " + database + ".* TO " + user;
    default:
      return {};
  }
}

}  // namespace

Result<ConnectionHandle> OpenConnection(
    const ConnectionParameters& parameters) {
  auto prepared = Prepare(parameters);
  if (!prepared.ok()) return prepared.status();
  MYSQL* connection = prepared->get();
  std::string host = ValueOf(parameters, "host");
  std::string socket = ValueOf(parameters, "unix_socket");
  if (host.starts_with('/')) socket = std::exchange(host, {});
  const std::string given_port = ValueOf(parameters, "port");
  const auto port = ParseCount(given_port.empty() ? "0" : given_port, 65535);
  if (!port) return Malformed("port", given_port);
  const std::string user = ValueOf(parameters, "user");
  const std::string password = ValueOf(parameters, "password");
  const std::string database = ValueOf(parameters, "dbname");
  if (mysql_real_connect(connection, OrNull(host), OrNull(user),
                         OrNull(password), OrNull(database), *port,
                         OrNull(socket), CLIENT_FOUND_ROWS) != nullptr) {
    return prepared;
  }
  const Status status = StatusOf(connection);
  return Status(status.code(), status.message(),
                HintFor(mysql_errno(connection), parameters));
}

}  // namespace regear::mysql

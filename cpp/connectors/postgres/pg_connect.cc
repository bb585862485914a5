#include "connectors/postgres/pg_connect.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "connectors/postgres/pg_status.h"
#include "connectors/sql/dialect.h"

namespace regear::postgres {

namespace {

struct FinishConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using ConnectionHandle = std::unique_ptr<PGconn, FinishConnection>;

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using OptionsHandle = std::unique_ptr<PQconninfoOption, FreeOptions>;

struct FreeText {
  void operator()(char* text) const { PQfreemem(text); }
};

// What the recipe may override. A server that hangs without closing the
// connection is given up after half a minute at the latest.
constexpr std::array<std::pair<const char*, const char*>, 8> kDefaults = {{
    {"application_name", "regear"},
    {"client_encoding", "UTF8"},
    {"connect_timeout", "10"},
    {"keepalives", "1"},
    {"keepalives_idle", "10"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "30000"},  // milliseconds
}};

// Longest wait of the attempt that only learns why the first one failed.
constexpr auto kDiagnosisTimeout = std::chrono::seconds(5);

std::string ConnectionString(ConnectionParameters parameters) {
  for (const auto& [name, value] : kDefaults) parameters.emplace(name, value);
  std::string options;
  for (const auto& [name, value] : parameters) {
    options += name + "='";
    for (char c : value) {
      if (c == '\'' || c == '\\') options += '\\';
      options += c;
    }
    options += "' ";
  }
  return options;
}

Status CheckOptions(const std::string& options) {
  char* error = nullptr;
  const OptionsHandle parsed(PQconninfoParse(options.c_str(), &error));
  const std::unique_ptr<char, FreeText> message(error);
  if (parsed != nullptr) return Status::Ok();
  return Status(StatusCode::kStop,
                "connection parameters: " +
                    CleanMessage(error == nullptr ? "out of memory" : error));
}

// The SQLSTATE in a verbose message, "FATAL:  28P01: …"; empty if none.
std::string SqlStateIn(std::string_view message) {
  constexpr std::string_view kBefore = ":  ";
  constexpr size_t kLength = 5;
  for (size_t at = message.find(kBefore); at != std::string_view::npos;
       at = message.find(kBefore, at + 1)) {
    const std::string_view state = message.substr(at + kBefore.size(), kLength);
    const std::string_view after =
        message.substr(at + kBefore.size()).substr(state.size());
    const bool code = std::all_of(state.begin(), state.end(), [](char c) {
      return std::isdigit(static_cast<unsigned char>(c)) ||
             std::isupper(static_cast<unsigned char>(c));
    });
    if (state.size() == kLength && code && after.starts_with(": ")) {
      return std::string(state);
    }
  }
  return {};
}

// Waits until the connection's socket is ready for the next step.
bool WaitFor(PGconn* connection, PostgresPollingStatusType step,
             std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  if (left.count() <= 0) return false;
  const int events = step == PGRES_POLLING_READING ? POLLIN : POLLOUT;
  pollfd ready = {PQsocket(connection), static_cast<short>(events), 0};
  return poll(&ready, 1, static_cast<int>(left.count())) > 0;
}

// Why the server refuses us: libpq tells the SQLSTATE of a failed connect only
// in verbose messages, and those can be asked for only step by step. The text
// of the message is no help, being in the server's language.
std::string DiagnoseRefusal(const std::string& options) {
  const auto deadline = std::chrono::steady_clock::now() + kDiagnosisTimeout;
  const ConnectionHandle connection(PQconnectStart(options.c_str()));
  if (connection == nullptr) return {};
  PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);
  PostgresPollingStatusType step = PGRES_POLLING_WRITING;
  while (step != PGRES_POLLING_OK && step != PGRES_POLLING_FAILED) {
    if (!WaitFor(connection.get(), step, deadline)) return {};
    step = PQconnectPoll(connection.get());
  }
  return SqlStateIn(PQerrorMessage(connection.get()));
}

std::string ValueOf(const ConnectionParameters& parameters,
                    const std::string& name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string() : found->second;
}

std::string HintFor(std::string_view sqlstate,
                    const ConnectionParameters& parameters) {
  const sql::Dialect dialect({.parameter = "$"});
  const std::string user = dialect.Quote(ValueOf(parameters, "user"));
  const std::string database = dialect.Quote(ValueOf(parameters, "dbname"));
  if (sqlstate == "3D000") return "CREATE DATABASE " + database;
  if (sqlstate == "28P01") {
    return "correct the password, or: ALTER ROLE " + user + " PASSWORD '…'";
  }
  if (sqlstate.starts_with("28")) {
    return "CREATE ROLE " + user +
           " LOGIN PASSWORD '…', or allow it in pg_hba.conf";
  }
  if (sqlstate == "42501") {
    return "GRANT CONNECT ON DATABASE " + database + " TO " + user;
  }
  return {};
}

Status ConnectFailure(const std::string& options,
                      const ConnectionParameters& parameters,
                      std::string_view message) {
  const std::string state = DiagnoseRefusal(options);
  if (state.empty()) {
    return Status(StatusCode::kReconnect, CleanMessage(message));
  }
  return Status(ClassifySqlState(state),
                CleanMessage(message) + " (SQLSTATE " + state + ")",
                HintFor(state, parameters));
}

void InhibitReactivation(pqxx::connection* connection) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  connection->inhibit_reactivation(true);
#pragma GCC diagnostic pop
}

}  // namespace

Result<std::unique_ptr<pqxx::connection>> OpenConnection(
    const ConnectionParameters& parameters) {
  const std::string options = ConnectionString(parameters);
  REGEAR_RETURN_IF_ERROR(CheckOptions(options));
  try {
    auto connection = std::make_unique<pqxx::connection>(options);
    InhibitReactivation(connection.get());
    return connection;
  } catch (const pqxx::broken_connection& error) {
    return ConnectFailure(options, parameters, error.what());
  } catch (...) {
    return StatusFromException();
  }
}

}  // namespace regear::postgres

#include "connectors/mysql_test_database.h"

#include <cctype>
#include <string_view>
#include <utility>

#include "connectors/mariadb_server.h"
#include "connectors/mysql/mysql_connector.h"

namespace regear::testing {

std::unique_ptr<MysqlTestDatabase> MysqlTestDatabase::Make(
    bool arrays, std::string* reason) {
  const std::string socket = MariadbSocket(reason);
  if (socket.empty()) return nullptr;
  return std::make_unique<MysqlTestDatabase>(socket, arrays);
}

MysqlTestDatabase::MysqlTestDatabase(std::string socket, bool arrays)
    : socket_(std::move(socket)), arrays_(arrays), connection_(Connect()) {
  Run("DROP DATABASE IF EXISTS test");
  Run("CREATE DATABASE test");
  Run("USE test");
}

mysql::ConnectionHandle MysqlTestDatabase::Connect() const {
  mysql::ConnectionHandle connection(mysql_init(nullptr));
  mysql_options(connection.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_options(connection.get(), MYSQL_INIT_COMMAND,
                "SET sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES'");
  EXPECT_NE(mysql_real_connect(connection.get(), nullptr, "root", "", nullptr,
                               0, socket_.c_str(), CLIENT_MULTI_STATEMENTS),
            nullptr)
      << mysql_error(connection.get());
  return connection;
}

ConnectionParameters MysqlTestDatabase::parameters() const {
  return {{"unix_socket", socket_},
          {"user", "root"},
          {"dbname", "test"},
          {"bulk", arrays_ ? "1" : "0"},
          {"init_command", "SET innodb_lock_wait_timeout = 1"}};
}

std::unique_ptr<Connector> MysqlTestDatabase::MakeConnector(
    TableTarget target, std::vector<std::string> columns) {
  return MakeConnectorWith(std::move(target), std::move(columns), parameters());
}

std::unique_ptr<Connector> MysqlTestDatabase::MakeConnectorWith(
    TableTarget target, std::vector<std::string> columns,
    ConnectionParameters parameters) {
  return std::make_unique<MysqlConnector>(
      std::move(target), std::move(columns),
      [parameters = std::move(parameters)]() -> Result<ConnectionParameters> {
        return parameters;
      });
}

namespace {

// MySQL takes no text as a key.
std::string WithKeysOfVarchar(std::string sql) {
  constexpr std::string_view kText = "text";
  const auto in_word = [&](size_t i) {
    return i < sql.size() &&
           (std::isalnum(static_cast<unsigned char>(sql[i])) != 0 ||
            sql[i] == '_');
  };
  for (size_t at = sql.find(kText); at != std::string::npos;
       at = sql.find(kText, at + 1)) {
    const bool whole =
        (at == 0 || !in_word(at - 1)) && !in_word(at + kText.size());
    if (whole) sql.replace(at, kText.size(), "varchar(255)");
  }
  return sql;
}

}  // namespace

void MysqlTestDatabase::Run(const std::string& sql) {
  const std::string own = WithKeysOfVarchar(sql);
  ASSERT_EQ(mysql_real_query(connection_.get(), own.data(), own.size()), 0)
      << own << ": " << mysql_error(connection_.get());
  int more = 0;
  do {
    const mysql::ResultHandle ignored(mysql_store_result(connection_.get()));
    more = mysql_next_result(connection_.get());
    ASSERT_LE(more, 0) << own << ": " << mysql_error(connection_.get());
  } while (more == 0);
}

std::vector<std::string> MysqlTestDatabase::Query(const std::string& sql) {
  EXPECT_EQ(mysql_real_query(connection_.get(), sql.data(), sql.size()), 0)
      << sql << ": " << mysql_error(connection_.get());
  const mysql::ResultHandle result(mysql_store_result(connection_.get()));
  std::vector<std::string> rows;
  while (MYSQL_ROW row = mysql_fetch_row(result.get())) {
    const unsigned long* lengths = mysql_fetch_lengths(result.get());
    std::string text;
    for (unsigned i = 0; i < mysql_num_fields(result.get()); ++i) {
      text += i > 0 ? "|" : "";
      text += row[i] == nullptr ? "NULL" : std::string(row[i], lengths[i]);
    }
    rows.push_back(text);
  }
  return rows;
}

std::shared_ptr<void> MysqlTestDatabase::LockRows(const std::string& table) {
  auto other = std::make_shared<mysql::ConnectionHandle>(Connect());
  for (const std::string& sql :
       {std::string("START TRANSACTION"),
        "SELECT * FROM test." + table + " FOR UPDATE"}) {
    EXPECT_EQ(mysql_query(other->get(), sql.c_str()), 0)
        << mysql_error(other->get());
    const mysql::ResultHandle ignored(mysql_store_result(other->get()));
  }
  return other;
}

}  // namespace regear::testing

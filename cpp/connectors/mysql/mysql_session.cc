#include "connectors/mysql/mysql_session.h"

#include <algorithm>
#include <utility>

#include "connectors/mysql/mysql_connect.h"
#include "connectors/mysql/mysql_status.h"
#include "connectors/sql/numeric_text.h"

namespace regear::mysql {

namespace {

// Beyond this many prepared statements all are dropped.
constexpr size_t kMaxPrepared = 128;

// Of a statement whose parameters are no arrays.
constexpr size_t kMaxRows = 250;
constexpr size_t kMaxParameters = 65535;

// The session's way with values: what does not fit is an error, and an id of 0
// is no request for the next number. Waiting for a table that somebody alters
// ends before reading does.
constexpr char kConfigure[] =
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION', "
    "lock_wait_timeout = 50, autocommit = 1, foreign_key_checks = 1, "
    "unique_checks = 1";

// A statement-based log cannot hold what READ COMMITTED writes.
constexpr char kSettingsQuery[] =
    "SELECT @@max_allowed_packet, "
    "@@log_bin AND @@binlog_format = 'STATEMENT'";

constexpr char kReadCommitted[] =
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";

bool TakesArrays(MYSQL* connection) {
  unsigned long extended = 0;
  if (mariadb_get_infov(connection,
                        MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES,
                        &extended) != 0) {
    return false;
  }
  return (extended & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32)) != 0;
}

MYSQL_BIND TextBind(const std::string& text) {
  MYSQL_BIND bind = {};
  bind.buffer_type = MYSQL_TYPE_STRING;
  bind.buffer = const_cast<char*>(text.data());  // libmariadb only reads
  bind.buffer_length = text.size();
  return bind;
}

std::vector<MYSQL_BIND> TextBinds(std::span<const std::string> texts) {
  std::vector<MYSQL_BIND> binds;
  for (const std::string& text : texts) binds.push_back(TextBind(text));
  return binds;
}

std::vector<MYSQL_BIND> ArrayBinds(RowArrays* arrays, size_t first) {
  std::vector<MYSQL_BIND> binds;
  for (ValueArray& array : *arrays) binds.push_back(array.ArrayFrom(first));
  return binds;
}

std::vector<MYSQL_BIND> RowBinds(RowArrays* arrays, size_t first,
                                 size_t count) {
  std::vector<MYSQL_BIND> binds;
  for (size_t row = first; row < first + count; ++row) {
    for (ValueArray& array : *arrays) binds.push_back(array.One(row));
  }
  return binds;
}

std::vector<MYSQL_BIND> OutputBinds(MYSQL_STMT* statement,
                                    std::vector<std::string>* buffers,
                                    std::vector<unsigned long>* lengths,
                                    std::vector<my_bool>* nulls) {
  const ResultHandle fields(mysql_stmt_result_metadata(statement));
  const unsigned count = mysql_num_fields(fields.get());
  std::vector<MYSQL_BIND> binds(count);
  buffers->resize(count);
  lengths->resize(count);
  nulls->resize(count);
  for (unsigned i = 0; i < count; ++i) {
    const MYSQL_FIELD* field = mysql_fetch_field_direct(fields.get(), i);
    (*buffers)[i].resize(std::max<size_t>(field->max_length, 64));
    binds[i] = {};
    binds[i].buffer_type = MYSQL_TYPE_STRING;
    binds[i].buffer = (*buffers)[i].data();
    binds[i].buffer_length = (*buffers)[i].size();
    binds[i].length = &(*lengths)[i];
    binds[i].is_null = &(*nulls)[i];
  }
  return binds;
}

}  // namespace

Status Session::Open(const ConnectionParameters& parameters) {
  prepared_.clear();
  connection_.reset();
  auto connection = OpenConnection(parameters);
  if (!connection.ok()) return connection.status();
  connection_ = *std::move(connection);
  Status status = Configure(parameters);
  if (!status.ok()) connection_.reset();
  return status;
}

Status Session::Configure(const ConnectionParameters& parameters) {
  REGEAR_RETURN_IF_ERROR(Run(kConfigure));
  const auto settings = Query(kSettingsQuery, {});
  if (!settings.ok()) return settings.status();
  const Row& row = settings->front();
  const auto packet = sql::ParseInteger(row[0].value_or(""));
  max_packet_ = static_cast<size_t>(packet.value_or(1 << 20));
  if (row[1] != "1") REGEAR_RETURN_IF_ERROR(Run(kReadCommitted));
  // A host that is suspended in the middle of a transaction must not keep its
  // locks from its successor. MySQL does not know the variable.
  Status ends = Run("SET SESSION idle_transaction_timeout = 10");
  if (ends.code() == StatusCode::kReconnect) return ends;
  const auto bulk = parameters.find("bulk");
  bulk_ = TakesArrays(connection_.get()) &&
          (bulk == parameters.end() || bulk->second != "0");
  const auto command = parameters.find("init_command");
  if (command == parameters.end() || command->second.empty()) {
    return Status::Ok();
  }
  return Run(command->second);
}

Status Session::Run(const std::string& sql) {
  MYSQL* connection = connection_.get();
  if (connection == nullptr) {
    return Status(StatusCode::kReconnect, "not connected");
  }
  if (mysql_real_query(connection, sql.data(), sql.size()) != 0) {
    return StatusOf(connection);
  }
  const ResultHandle ignored(mysql_store_result(connection));
  return Status::Ok();
}

Status Session::Commit() {
  Status status = Run("COMMIT");
  if (status.ok() || connection_ == nullptr) return status;
  return StatusOfCommit(connection_.get());
}

Result<MYSQL_STMT*> Session::Prepare(const std::string& sql) {
  if (connection_ == nullptr) {
    return Status(StatusCode::kReconnect, "not connected");
  }
  const auto found = prepared_.find(sql);
  if (found != prepared_.end()) return found->second.get();
  StatementHandle statement(mysql_stmt_init(connection_.get()));
  if (statement == nullptr) return Status(StatusCode::kRetry, "out of memory");
  const my_bool update_max_length = 1;
  mysql_stmt_attr_set(statement.get(), STMT_ATTR_UPDATE_MAX_LENGTH,
                      &update_max_length);
  if (mysql_stmt_prepare(statement.get(), sql.data(), sql.size()) != 0) {
    return StatusOf(statement.get());
  }
  if (prepared_.size() >= kMaxPrepared) prepared_.clear();
  return prepared_.emplace(sql, std::move(statement)).first->second.get();
}

Status Session::Check(const std::string& sql) {
  const auto statement = Prepare(sql);
  prepared_.erase(sql);
  return statement.status();
}

Result<size_t> Session::Send(MYSQL_STMT* statement,
                             std::span<MYSQL_BIND> parameters,
                             unsigned arrays) {
  mysql_stmt_attr_set(statement, STMT_ATTR_ARRAY_SIZE, &arrays);
  if (!parameters.empty() &&
      mysql_stmt_bind_param(statement, parameters.data()) != 0) {
    return StatusOf(statement);
  }
  if (mysql_stmt_execute(statement) != 0) return StatusOf(statement);
  return static_cast<size_t>(mysql_stmt_affected_rows(statement));
}

Result<std::vector<Session::Row>> Session::Fetch(MYSQL_STMT* statement) const {
  std::vector<Row> rows;
  if (mysql_stmt_field_count(statement) == 0) return rows;
  if (mysql_stmt_store_result(statement) != 0) return StatusOf(statement);
  std::vector<std::string> buffers;
  std::vector<unsigned long> lengths;
  std::vector<my_bool> nulls;
  auto binds = OutputBinds(statement, &buffers, &lengths, &nulls);
  if (mysql_stmt_bind_result(statement, binds.data()) != 0) {
    return StatusOf(statement);
  }
  while (mysql_stmt_fetch(statement) == 0) {
    Row row(binds.size());
    for (size_t i = 0; i < binds.size(); ++i) {
      if (nulls[i] == 0) row[i] = buffers[i].substr(0, lengths[i]);
    }
    rows.push_back(std::move(row));
  }
  mysql_stmt_free_result(statement);
  return rows;
}

Result<size_t> Session::Execute(const std::string& sql,
                                std::span<const std::string> parameters) {
  const auto statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  auto binds = TextBinds(parameters);
  return Send(*statement, binds, 0);
}

Result<std::vector<Session::Row>> Session::Query(
    const std::string& sql, std::span<const std::string> parameters) {
  const auto statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  auto binds = TextBinds(parameters);
  const auto sent = Send(*statement, binds, 0);
  if (!sent.ok()) return sent.status();
  return Fetch(*statement);
}

Result<size_t> Session::RowsThatFit(const RowArrays& arrays, size_t first,
                                    size_t most) const {
  // The rest of a packet is for the statement's own.
  const size_t limit = max_packet_ - std::min<size_t>(max_packet_ / 4, 65536);
  size_t bytes = 0;
  size_t rows = 0;
  for (; rows < most && first + rows < arrays.front().size(); ++rows) {
    for (const ValueArray& array : arrays) bytes += array.BytesOf(first + rows);
    if (bytes > limit) break;
  }
  if (rows > 0) return rows;
  return Refusal(kPacketTooLarge,
                 "a row of " + std::to_string(bytes) +
                     " bytes is more than the server's max_allowed_packet of " +
                     std::to_string(max_packet_) + " takes");
}

Result<size_t> Session::WriteRows(const SqlForRows& sql, RowArrays* arrays) {
  const size_t most =
      bulk_ ? SIZE_MAX : std::min(kMaxRows, kMaxParameters / arrays->size());
  size_t touched = 0;
  for (size_t first = 0; first < arrays->front().size();) {
    const auto count = RowsThatFit(*arrays, first, most);
    if (!count.ok()) return count.status();
    const auto statement = Prepare(sql(bulk_ ? 1 : *count));
    if (!statement.ok()) return statement.status();
    auto binds =
        bulk_ ? ArrayBinds(arrays, first) : RowBinds(arrays, first, *count);
    const auto sent =
        Send(*statement, binds, bulk_ ? static_cast<unsigned>(*count) : 0);
    if (!sent.ok()) return sent.status();
    touched += *sent;
    first += *count;
  }
  return touched;
}

Result<std::vector<Session::Row>> Session::QueryRows(const SqlForRows& sql,
                                                     RowArrays* arrays) {
  std::vector<Row> all;
  for (size_t first = 0; first < arrays->front().size();) {
    const auto count = RowsThatFit(*arrays, first, kMaxRows);
    if (!count.ok()) return count.status();
    const auto statement = Prepare(sql(*count));
    if (!statement.ok()) return statement.status();
    auto binds = RowBinds(arrays, first, *count);
    const auto sent = Send(*statement, binds, 0);
    if (!sent.ok()) return sent.status();
    auto rows = Fetch(*statement);
    if (!rows.ok()) return rows.status();
    std::move(rows->begin(), rows->end(), std::back_inserter(all));
    first += *count;
  }
  return all;
}

}  // namespace regear::mysql

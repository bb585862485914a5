#include "least_sinks.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <mysql.h>
#include <sqlite3.h>

#include <array>
#include <cstring>
#include <sstream>
#include <stdexcept>

namespace bench {

namespace {

class SqliteSink : public Sink {
 public:
  explicit SqliteSink(const std::string& path) {
    Check(sqlite3_open(path.c_str(), &db_));
    Execute("PRAGMA journal_mode=WAL");
    Execute("PRAGMA synchronous=FULL");
    Check(sqlite3_prepare_v2(
        db_,
        "INSERT INTO persons(person_id, first, last, age) VALUES(?,?,?,?) "
        "ON CONFLICT(person_id) DO UPDATE SET first=excluded.first, "
        "last=excluded.last, age=excluded.age",
        -1, &upsert_, nullptr));
  }
  ~SqliteSink() override {
    sqlite3_finalize(upsert_);
    sqlite3_close(db_);
  }

  void Write(const std::vector<Person>& rows) override {
    Execute("BEGIN IMMEDIATE");
    for (const Person& row : rows) {
      Bind(1, row.id);
      Bind(2, row.first_name);
      Bind(3, row.last_name);
      sqlite3_bind_int(upsert_, 4, row.age);
      if (sqlite3_step(upsert_) != SQLITE_DONE) Check(SQLITE_ERROR);
      sqlite3_reset(upsert_);
    }
    Execute("COMMIT");
  }

 private:
  void Bind(int index, std::string_view text) {
    sqlite3_bind_text(upsert_, index, text.data(),
                      static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void Execute(const char* sql) {
    Check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr));
  }
  void Check(int code) {
    if (code != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(db_));
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* upsert_ = nullptr;
};

// PostgreSQL's binary array format: dimensions, has-null, element type, then
// for the one dimension its length and lower bound, then length and bytes of
// each element; all integers in network order.
class BinaryArray {
 public:
  void Start(int element_type, size_t count) {
    bytes_.clear();
    for (int header : {1, 0, element_type, static_cast<int>(count), 1}) {
      AddInt(header);
    }
  }
  void Add(std::string_view text) {
    AddInt(static_cast<int>(text.size()));
    bytes_.append(text);
  }
  void Add(int number) {
    AddInt(4);
    AddInt(number);
  }
  const char* data() const { return bytes_.data(); }
  int size() const { return static_cast<int>(bytes_.size()); }

 private:
  void AddInt(int number) {
    const uint32_t network = htonl(static_cast<uint32_t>(number));
    std::array<char, 4> raw;
    std::memcpy(raw.data(), &network, raw.size());
    bytes_.append(raw.data(), raw.size());
  }

  std::string bytes_;
};

class PostgresSink : public Sink {
 public:
  explicit PostgresSink(const std::string& conninfo)
      : connection_(PQconnectdb(conninfo.c_str())) {
    if (PQstatus(connection_) != CONNECTION_OK) Fail();
    PGresult* result = PQprepare(
        connection_, "upsert",
        "INSERT INTO persons(person_id, first, last, age) SELECT * FROM "
        "unnest($1::text[], $2::text[], $3::text[], $4::int4[]) "
        "ON CONFLICT (person_id) DO UPDATE SET first=EXCLUDED.first, "
        "last=EXCLUDED.last, age=EXCLUDED.age",
        0, nullptr);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) Fail();
    PQclear(result);
  }
  ~PostgresSink() override { PQfinish(connection_); }

  void Write(const std::vector<Person>& rows) override {
    constexpr int kTextType = 25;
    constexpr int kInt4Type = 23;
    for (int i = 0; i < 3; ++i) arrays_[i].Start(kTextType, rows.size());
    arrays_[3].Start(kInt4Type, rows.size());
    for (const Person& row : rows) {
      arrays_[0].Add(row.id);
      arrays_[1].Add(row.first_name);
      arrays_[2].Add(row.last_name);
      arrays_[3].Add(row.age);
    }
    std::array<const char*, 4> values;
    std::array<int, 4> lengths;
    constexpr std::array<int, 4> kBinary = {1, 1, 1, 1};
    for (size_t i = 0; i < arrays_.size(); ++i) {
      values[i] = arrays_[i].data();
      lengths[i] = arrays_[i].size();
    }
    PGresult* result = PQexecPrepared(connection_, "upsert", 4, values.data(),
                                      lengths.data(), kBinary.data(), 0);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) Fail();
    PQclear(result);
  }

 private:
  [[noreturn]] void Fail() {
    throw std::runtime_error(PQerrorMessage(connection_));
  }

  PGconn* const connection_;
  std::array<BinaryArray, 4> arrays_;
};

class MariadbSink : public Sink {
 public:
  explicit MariadbSink(const std::string& address)
      : connection_(mysql_init(nullptr)) {
    std::string host, user, password, database;
    unsigned port = 0;
    std::istringstream(address) >> host >> port >> user >> password >> database;
    mysql_options(connection_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    Check(mysql_real_connect(connection_, host.c_str(), user.c_str(),
                             password.c_str(), database.c_str(), port, nullptr,
                             0) != nullptr);
    upsert_ = mysql_stmt_init(connection_);
    constexpr std::string_view kUpsert =
        "INSERT INTO persons(person_id, first, last, age) VALUES (?, ?, ?, ?) "
        "ON DUPLICATE KEY UPDATE first = VALUES(first), last = VALUES(last), "
        "age = VALUES(age)";
    Check(mysql_stmt_prepare(upsert_, kUpsert.data(), kUpsert.size()) == 0);
  }
  ~MariadbSink() override {
    mysql_stmt_close(upsert_);
    mysql_close(connection_);
  }

  void Write(const std::vector<Person>& rows) override {
    for (int i = 0; i < 3; ++i) {
      texts_[i].clear();
      lengths_[i].clear();
    }
    ages_.clear();
    for (const Person& row : rows) {
      Add(0, row.id);
      Add(1, row.first_name);
      Add(2, row.last_name);
      ages_.push_back(row.age);
    }
    std::array<MYSQL_BIND, 4> binds = {};
    for (int i = 0; i < 3; ++i) {
      binds[i].buffer_type = MYSQL_TYPE_STRING;
      binds[i].buffer = texts_[i].data();
      binds[i].length = lengths_[i].data();
    }
    binds[3].buffer_type = MYSQL_TYPE_LONG;
    binds[3].buffer = ages_.data();
    const auto count = static_cast<unsigned>(rows.size());
    mysql_stmt_attr_set(upsert_, STMT_ATTR_ARRAY_SIZE, &count);
    Check(mysql_stmt_bind_param(upsert_, binds.data()) == 0);
    Check(mysql_query(connection_, "START TRANSACTION") == 0);
    if (mysql_stmt_execute(upsert_) != 0) {
      throw std::runtime_error(mysql_stmt_error(upsert_));
    }
    Check(mysql_query(connection_, "COMMIT") == 0);
  }

 private:
  void Add(int column, std::string_view text) {
    texts_[column].push_back(const_cast<char*>(text.data()));
    lengths_[column].push_back(text.size());
  }
  void Check(bool ok) {
    if (!ok) throw std::runtime_error(mysql_error(connection_));
  }

  MYSQL* const connection_;
  MYSQL_STMT* upsert_ = nullptr;
  std::array<std::vector<char*>, 3> texts_;
  std::array<std::vector<unsigned long>, 3> lengths_;
  std::vector<int> ages_;
};

}  // namespace

std::unique_ptr<Sink> MakeSqliteSink(const std::string& path) {
  return std::make_unique<SqliteSink>(path);
}

std::unique_ptr<Sink> MakePostgresSink(const std::string& conninfo) {
  return std::make_unique<PostgresSink>(conninfo);
}

std::unique_ptr<Sink> MakeMariadbSink(const std::string& address) {
  return std::make_unique<MariadbSink>(address);
}

}  // namespace bench

#include "least_sinks.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <sqlite3.h>

#include <array>
#include <cstring>
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

}  // namespace

std::unique_ptr<Sink> MakeSqliteSink(const std::string& path) {
  return std::make_unique<SqliteSink>(path);
}

std::unique_ptr<Sink> MakePostgresSink(const std::string& conninfo) {
  return std::make_unique<PostgresSink>(conninfo);
}

}  // namespace bench

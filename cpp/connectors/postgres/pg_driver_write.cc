// The writing half of pg_driver.h.
#include <algorithm>
#include <pqxx/prepared_statement>

#include "connectors/postgres/pg_driver.h"

namespace regear::postgres {

namespace {

// A group with fewer rows than this is small; more small groups than that are
// written together by one statement for all shapes.
constexpr size_t kSmallGroup = 32;
constexpr size_t kMaxSmallGroups = 8;

// Beyond this many prepared statements all are dropped.
constexpr size_t kMaxPrepared = 128;

// What the text of a statement about rows of `shape` depends on.
std::string StatementKey(std::string_view statement, const sql::RowShape& shape,
                         const SentRows& sent) {
  std::string key(statement);
  for (const CellState state : shape.cells) key += static_cast<char>(state);
  for (const Wire wire : sent.keys) key += static_cast<char>(wire);
  for (const auto& [column, wire] : sent.columns) {
    key += static_cast<char>(wire);
  }
  return key;
}

}  // namespace

pqxx::result PostgresDriver::Send(const std::string& sql,
                                  const Parameters& parameters) {
  return work_->exec_params(sql,
                            pqxx::prepare::make_dynamic_params(parameters));
}

template <typename MakeSql>
pqxx::result PostgresDriver::SendPrepared(const std::string& key,
                                          const Parameters& parameters,
                                          MakeSql make_sql) {
  auto found = prepared_.find(key);
  if (found == prepared_.end()) {
    if (prepared_.size() >= kMaxPrepared) {
      for (const auto& [old, name] : prepared_) connection_->unprepare(name);
      prepared_.clear();
    }
    std::string name = "regear_" + std::to_string(prepared_.size());
    connection_->prepare(name, make_sql());
    found = prepared_.emplace(key, std::move(name)).first;
  }
  return work_->exec_prepared(found->second,
                              pqxx::prepare::make_dynamic_params(parameters));
}

Status PostgresDriver::WriteGroups(const FoldedBatch& batch,
                                   std::span<const sql::RowGroup> groups,
                                   std::vector<size_t>* unmatched) {
  return Guard([&] {
    std::vector<const sql::RowGroup*> small;
    for (const sql::RowGroup& group : groups) {
      if (group.rows.size() < kSmallGroup) {
        small.push_back(&group);
      } else {
        WriteGroup(batch, group, unmatched);
      }
    }
    // An identity column has no default that CASE could name.
    if (small.size() <= kMaxSmallGroups || has_identity_) {
      for (const auto* group : small) WriteGroup(batch, *group, unmatched);
      return Status::Ok();
    }
    std::vector<size_t> rows;
    for (const auto* group : small) {
      rows.insert(rows.end(), group->rows.begin(), group->rows.end());
    }
    WriteMasked(batch, rows, unmatched);
    return Status::Ok();
  });
}

void PostgresDriver::WriteGroup(const FoldedBatch& batch,
                                const sql::RowGroup& group,
                                std::vector<size_t>* unmatched) {
  const sql::WriteRule rule = sql::RuleFor(group.shape, *table_);
  if (rule == sql::WriteRule::kUpsert) {
    return Upsert(batch, group.shape, group.rows);
  }
  const SentRows sent =
      EncodeRows(wires_, batch, group.rows, group.shape.Values());
  const std::string sql =
      UpdateSql(*table_, group.shape, sent.keys, sent.columns);
  const std::vector<size_t> missing = Update(group.rows, sql, sent);
  if (missing.empty()) return;
  if (rule == sql::WriteRule::kUpdateThenInsert) {
    return Upsert(batch, group.shape, missing);
  }
  unmatched->insert(unmatched->end(), missing.begin(), missing.end());
}

void PostgresDriver::Upsert(const FoldedBatch& batch,
                            const sql::RowShape& shape,
                            std::span<const size_t> rows) {
  const SentRows sent = EncodeRows(wires_, batch, rows, shape.Values());
  SendPrepared(StatementKey("upsert", shape, sent), sent.parameters, [&] {
    return UpsertSql(*table_, shape, sent.keys, sent.columns);
  });
}

std::vector<size_t> PostgresDriver::Update(std::span<const size_t> rows,
                                           const std::string& sql,
                                           const SentRows& sent) {
  std::vector<size_t> missing;
  // A row that somebody inserts between the UPDATE and the question for the
  // unmatched would be neither: the second UPDATE sees it. Where a trigger
  // suppresses updates the numbers never add up, and that is its right.
  for (int attempt = 0; attempt < 2; ++attempt) {
    const size_t updated = Send(sql, sent.parameters).affected_rows();
    if (updated == rows.size()) return {};
    missing = Unmatched(rows, sent);
    if (updated + missing.size() == rows.size()) break;
  }
  return missing;
}

void PostgresDriver::WriteMasked(const FoldedBatch& batch,
                                 std::span<const size_t> rows,
                                 std::vector<size_t>* unmatched) {
  const SentRows sent = EncodeMasked(wires_, batch, rows);
  if (table_->append) {
    Send(MaskedInsertSql(*table_, sent.keys, sent.columns), sent.parameters);
    return;
  }
  const std::string update = MaskedUpdateSql(*table_, sent.keys, sent.columns);
  std::vector<size_t> fresh;
  for (size_t row : Update(rows, update, sent)) {
    const sql::RowShape shape(batch.cells(row));
    const bool only_update =
        sql::RuleFor(shape, *table_) == sql::WriteRule::kUpdateOnly;
    (only_update ? *unmatched : fresh).push_back(row);
  }
  if (fresh.empty()) return;
  const SentRows inserted = EncodeMasked(wires_, batch, fresh);
  const pqxx::result result =
      Send(MaskedInsertSql(*table_, inserted.keys, inserted.columns),
           inserted.parameters);
  if (result.affected_rows() == fresh.size()) return;
  // Somebody else inserted some of them a moment ago.
  Send(MaskedUpdateSql(*table_, inserted.keys, inserted.columns),
       inserted.parameters);
}

std::vector<size_t> PostgresDriver::Unmatched(std::span<const size_t> rows,
                                              const SentRows& sent) {
  const auto& all = sent.parameters;
  const Parameters keys(all.begin(),
                        all.begin() + static_cast<int>(sent.keys.size()));
  const pqxx::result numbers = Send(UnmatchedSql(*table_, sent.keys), keys);
  std::vector<size_t> unmatched;
  for (const pqxx::row& number : numbers) {
    unmatched.push_back(rows[number[0].as<size_t>() - 1]);
  }
  return unmatched;
}

std::optional<Result<bool>> PostgresDriver::UpsertAndMove(
    const FoldedBatch& batch, const sql::RowGroup& group,
    const sql::CheckpointTable& move, std::span<const std::string> parameters) {
  Result<bool> moved = Guard([&]() -> Result<bool> {
    const bool one = group.rows.size() == 1;
    const std::vector<size_t> values = group.shape.Values();
    SentRows sent = one ? EncodeRow(wires_, batch, group.rows.front(), values)
                        : EncodeRows(wires_, batch, group.rows, values);
    const size_t first = sent.parameters.size() + 1;
    for (const std::string& parameter : parameters) {
      sent.parameters.emplace_back(parameter);
    }
    const pqxx::result result = SendPrepared(
        StatementKey(one ? "one" : "many", group.shape, sent), sent.parameters,
        [&] {
          return UpsertAndMoveSql(
              *table_, group.shape, one ? Form::kOneRow : Form::kArrays,
              sent.keys, sent.columns, move.CompareAndSwapFrom(first));
        });
    return result.affected_rows() > 0;
  });
  if (moved.status().code() != StatusCode::kReconnect) return moved;
  return Result<bool>(Status(StatusCode::kInDoubt, moved.status().message()));
}

Status PostgresDriver::DeleteRows(const FoldedBatch& batch,
                                  std::span<const size_t> rows) {
  return Guard([&] {
    const SentRows sent = EncodeRows(wires_, batch, rows, {});
    Send(DeleteSql(*table_, sent.keys), sent.parameters);
    return Status::Ok();
  });
}

Result<std::vector<size_t>> PostgresDriver::FirstEqualKeys(
    size_t key, std::span<const std::string_view> values) {
  return Guard([&]() -> Result<std::vector<size_t>> {
    const pqxx::result numbers =
        Send(FirstEqualSql(table_->keys[key]), {EncodeTexts(values)});
    std::vector<size_t> first;
    for (const pqxx::row& number : numbers) {
      first.push_back(number[0].as<size_t>() - 1);
    }
    return first;
  });
}

std::string PostgresDriver::RefusedColumn(const FoldedBatch& batch, size_t row,
                                          const std::string& reason) {
  // Messages about constraints name the column or the constraint; those about
  // values (class 22) and about the checks of a domain (23514) do not.
  if (reason.find("(SQLSTATE 22") == std::string::npos &&
      reason.find("(SQLSTATE 23514)") == std::string::npos) {
    return {};
  }
  bool cut = false;
  const auto parts = batch.key_parts(row);
  for (size_t i = 0; i < parts.size(); ++i) {
    const sql::ColumnSchema& key = table_->keys[i];
    if (!Takes(key, parts[i], &cut) || cut) return key.name;
  }
  std::string cut_column;
  const auto cells = batch.cells(row);
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].state != CellState::kValue) continue;
    const sql::ColumnSchema& column = table_->columns[i];
    if (!Takes(column, cells[i].value, &cut)) return column.name;
    if (cut && cut_column.empty()) cut_column = column.name;
  }
  return cut_column;
}

bool PostgresDriver::Takes(const sql::ColumnSchema& column,
                           std::string_view value, bool* cut) {
  *cut = false;
  if (column.base_type == "bytea" || !SetSavepoint().ok()) return true;
  const Status status = Guard([&] {
    const Parameters parameters = {
        pqxx::binarystring(value.data(), value.size())};
    const pqxx::result result = Send(ProbeSql(column), parameters);
    const std::string& type = column.base_type;  // a domain's, too
    const bool text = type.starts_with("character") || type == "bpchar" ||
                      type.starts_with("bit");
    *cut = text && result[0][0].as<bool>();
    return Status::Ok();
  });
  return RollbackToSavepoint().ok() && !status.refused();
}

}  // namespace regear::postgres

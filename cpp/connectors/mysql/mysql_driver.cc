#include "connectors/mysql/mysql_driver.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace regear::mysql {

Result<std::optional<sql::TableSchema>> MysqlDriver::ReadSchema(
    const TableTarget& target) {
  auto facts = ReadTableFacts(&session_, target);
  if (!facts.ok()) return facts.status();
  if (!*facts) return std::optional<sql::TableSchema>();
  other_unique_ = (*facts)->other_unique;
  comparison_.reset();
  const sql::ColumnSchema* key = (*facts)->schema.Find(target.primary_key);
  if (key != nullptr &&
      (*facts)->schema.key_identity == sql::KeyIdentity::kAskDatabase) {
    auto learned = KeyComparison::Learn(&session_, *key);
    if (!learned.ok()) return learned.status();
    comparison_ = *std::move(learned);
  }
  return std::optional(std::move((*facts)->schema));
}

void MysqlDriver::UseTable(const sql::TargetTable* table) {
  table_ = table;
  types_.clear();
  key_types_.clear();
  has_times_ = false;
  for (const sql::ColumnSchema& key : KeysOf(*table)) {
    key_types_.push_back(TypeOfKey(key));
  }
  for (const sql::ColumnSchema& column : table->columns) {
    types_.push_back(TypeOfColumn(column));
    has_times_ |= types_.back().kind == ValueKind::kDateTime;
  }
}

void MysqlDriver::Rollback() noexcept {
  try {
    (void)session_.Run("ROLLBACK");
  } catch (...) {
    // Out of memory: the server rolls back when the connection ends.
  }
}

Status MysqlDriver::RollbackToSavepoint() {
  REGEAR_RETURN_IF_ERROR(session_.Run("ROLLBACK TO SAVEPOINT regear"));
  return ReleaseSavepoint();
}

Result<std::optional<std::string>> MysqlDriver::QueryText(
    const std::string& sql, std::span<const std::string> parameters) {
  const auto rows = session_.Query(sql, parameters);
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return std::optional<std::string>();
  return std::optional(rows->front().front().value_or(""));
}

Status MysqlDriver::WriteGroups(const FoldedBatch& batch,
                                std::span<const sql::RowGroup> groups,
                                std::vector<size_t>* unmatched) {
  for (const sql::RowGroup& group : groups) {
    REGEAR_RETURN_IF_ERROR(WriteGroup(batch, group, unmatched));
  }
  return Status::Ok();
}

Status MysqlDriver::WriteGroup(const FoldedBatch& batch,
                               const sql::RowGroup& group,
                               std::vector<size_t>* unmatched) {
  const sql::WriteRule rule = sql::RuleFor(group.shape, *table_);
  Columns columns;
  for (size_t column : group.shape.Written()) {
    columns.push_back(
        {column, group.shape.cells[column] == CellState::kValue});
  }
  if (!has_times_) {
    return WriteAlike(batch, columns, rule, group.rows, unmatched);
  }
  // Which of the columns have a zone, and the rows in which they do.
  std::map<std::vector<bool>, std::vector<size_t>> alike;
  for (size_t row : group.rows) {
    std::vector<bool> zoned;
    for (const WrittenColumn& column : columns) {
      zoned.push_back(
          IsZoned(types_[column.column], batch.cells(row)[column.column].value));
    }
    alike[zoned].push_back(row);
  }
  for (const auto& [zoned, rows] : alike) {
    for (size_t i = 0; i < columns.size(); ++i) columns[i].zoned = zoned[i];
    REGEAR_RETURN_IF_ERROR(WriteAlike(batch, columns, rule, rows, unmatched));
  }
  return Status::Ok();
}

Status MysqlDriver::WriteAlike(const FoldedBatch& batch, const Columns& columns,
                               sql::WriteRule rule,
                               std::span<const size_t> rows,
                               std::vector<size_t>* unmatched) {
  if (rule == sql::WriteRule::kUpsert && !other_unique_) {
    return Insert(batch, columns, rows);
  }
  std::vector<size_t> missing;
  REGEAR_RETURN_IF_ERROR(Update(batch, columns, rows, &missing));
  if (missing.empty()) return Status::Ok();
  if (rule != sql::WriteRule::kUpdateOnly) {
    return Insert(batch, columns, missing);
  }
  unmatched->insert(unmatched->end(), missing.begin(), missing.end());
  return Status::Ok();
}

Status MysqlDriver::Insert(const FoldedBatch& batch, const Columns& columns,
                           std::span<const size_t> rows) {
  auto arrays = Encode(batch, columns, rows);
  if (!arrays.ok()) return arrays.status();
  const OnDuplicate on_duplicate =
      other_unique_ ? OnDuplicate::kFail : OnDuplicate::kUpdate;
  return session_
      .WriteRows(
          [&](size_t count) {
            return InsertSql(*table_, columns, on_duplicate, count);
          },
          &*arrays)
      .status();
}

Status MysqlDriver::Update(const FoldedBatch& batch, const Columns& columns,
                           std::span<const size_t> rows,
                           std::vector<size_t>* missing) {
  auto arrays = Encode(batch, columns, rows);
  if (!arrays.ok()) return arrays.status();
  // A row that somebody inserts between the UPDATE and the question for the
  // missing would be neither: the second UPDATE sees it.
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto found = session_.WriteRows(
        [&](size_t count) { return UpdateSql(*table_, columns, count); },
        &*arrays);
    if (!found.ok()) return found.status();
    missing->clear();
    if (*found == rows.size()) return Status::Ok();
    REGEAR_RETURN_IF_ERROR(AppendMissing(batch, rows, missing));
    if (*found + missing->size() == rows.size()) break;
  }
  return Status::Ok();
}

Status MysqlDriver::AppendMissing(const FoldedBatch& batch,
                                  std::span<const size_t> rows,
                                  std::vector<size_t>* missing) {
  RowArrays arrays;
  REGEAR_RETURN_IF_ERROR(AddKeys(batch, rows, &arrays));
  const auto stored = session_.QueryRows(
      [&](size_t count) { return ExistingSql(*table_, count); }, &arrays);
  if (!stored.ok()) return stored.status();
  if (stored->size() == rows.size()) return Status::Ok();
  if (stored->empty()) {
    missing->assign(rows.begin(), rows.end());
    return Status::Ok();
  }
  // The stored keys may be spelled otherwise.
  std::vector<std::string_view> keys;
  for (size_t row : rows) keys.push_back(batch.row(row).id);
  for (const Session::Row& row : *stored) keys.push_back(*row.front());
  const auto canonical = CanonicalKeys(keys);
  if (!canonical.ok()) return canonical.status();
  const std::set<std::string> there(
      canonical->begin() + static_cast<std::ptrdiff_t>(rows.size()),
      canonical->end());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!there.contains((*canonical)[i])) missing->push_back(rows[i]);
  }
  return Status::Ok();
}

Result<std::vector<std::string>> MysqlDriver::CanonicalKeys(
    std::span<const std::string_view> values) {
  std::vector<std::string> canonical;
  canonical.reserve(values.size());
  if (!comparison_) {
    for (std::string_view value : values) {
      canonical.push_back(sql::CanonicalKey(value, table_->key_identity));
    }
    return canonical;
  }
  const auto first = comparison_->FirstEqual(&session_, values);
  if (!first.ok()) return first.status();
  for (size_t i : *first) canonical.emplace_back(values[i]);
  return canonical;
}

Status MysqlDriver::AddKeys(const FoldedBatch& batch,
                            std::span<const size_t> rows,
                            RowArrays* arrays) const {
  for (size_t key = 0; key < key_types_.size(); ++key) {
    ValueArray array(&key_types_[key], KeysOf(*table_)[key].name);
    array.Reserve(rows.size());
    for (size_t row : rows) {
      REGEAR_RETURN_IF_ERROR(array.Add(batch.row(row).id));
    }
    arrays->push_back(std::move(array));
  }
  return Status::Ok();
}

Result<RowArrays> MysqlDriver::Encode(const FoldedBatch& batch,
                                      const Columns& columns,
                                      std::span<const size_t> rows) const {
  RowArrays arrays;
  for (const WrittenColumn& column : columns) {
    if (!column.takes_value) continue;
    ValueArray array(&types_[column.column],
                     table_->columns[column.column].name);
    array.Reserve(rows.size());
    for (size_t row : rows) {
      REGEAR_RETURN_IF_ERROR(
          array.Add(batch.cells(row)[column.column].value));
    }
    arrays.push_back(std::move(array));
  }
  REGEAR_RETURN_IF_ERROR(AddKeys(batch, rows, &arrays));
  return arrays;
}

Status MysqlDriver::DeleteRows(const FoldedBatch& batch,
                               std::span<const size_t> rows) {
  RowArrays arrays;
  REGEAR_RETURN_IF_ERROR(AddKeys(batch, rows, &arrays));
  return session_
      .WriteRows([&](size_t count) { return DeleteSql(*table_, count); },
                 &arrays)
      .status();
}

Result<std::vector<size_t>> MysqlDriver::FirstEqualKeys(
    std::span<const std::string_view> ids) {
  return comparison_->FirstEqual(&session_, ids);
}

}  // namespace regear::mysql

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
  comparisons_.clear();
  for (const std::string& name : target.primary_key) {
    const sql::ColumnSchema* key = (*facts)->schema.Find(name);
    if (key == nullptr || key->key_identity != sql::KeyIdentity::kAskDatabase) {
      continue;
    }
    auto learned = KeyComparison::Learn(&session_, *key);
    if (!learned.ok()) return learned.status();
    comparisons_.insert_or_assign(key->name, *std::move(learned));
  }
  return std::optional(std::move((*facts)->schema));
}

void MysqlDriver::UseTable(const sql::TargetTable* table) {
  table_ = table;
  types_.clear();
  key_types_.clear();
  has_times_ = false;
  for (const sql::ColumnSchema& key : table->keys) {
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

Result<std::vector<std::vector<std::string>>> MysqlDriver::QueryRows(
    const std::string& sql, std::span<const std::string> parameters) {
  const auto found = session_.Query(sql, parameters);
  if (!found.ok()) return found.status();
  std::vector<std::vector<std::string>> rows;
  for (const Session::Row& row : *found) {
    std::vector<std::string>& texts = rows.emplace_back();
    for (const auto& text : row) texts.push_back(text.value_or(""));
  }
  return rows;
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
    columns.push_back({column, group.shape.cells[column] == CellState::kValue});
  }
  if (!has_times_) {
    return WriteAlike(batch, columns, rule, group.rows, unmatched);
  }
  // Which of the columns have a zone, and the rows in which they do.
  std::map<std::vector<bool>, std::vector<size_t>> alike;
  for (size_t row : group.rows) {
    std::vector<bool> zoned;
    for (const WrittenColumn& column : columns) {
      zoned.push_back(IsZoned(types_[column.column],
                              batch.cells(row)[column.column].value));
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
  if (rule == sql::WriteRule::kUpsert && (table_->append || !other_unique_)) {
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
  const OnDuplicate on_duplicate = table_->append || other_unique_
                                       ? OnDuplicate::kFail
                                       : OnDuplicate::kUpdate;
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
  std::vector<std::string> keys(rows.size() + stored->size());
  for (size_t key = 0; key < table_->keys.size(); ++key) {
    std::vector<std::string_view> values;
    for (size_t row : rows) values.push_back(batch.key_parts(row)[key]);
    for (const Session::Row& row : *stored) values.push_back(*row[key]);
    REGEAR_RETURN_IF_ERROR(AppendCanonical(key, values, &keys));
  }
  const auto first_stored =
      keys.begin() + static_cast<std::ptrdiff_t>(rows.size());
  const std::set<std::string> there(first_stored, keys.end());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!there.contains(keys[i])) missing->push_back(rows[i]);
  }
  return Status::Ok();
}

Status MysqlDriver::AppendCanonical(size_t key,
                                    std::span<const std::string_view> values,
                                    std::vector<std::string>* keys) {
  const sql::ColumnSchema& column = table_->keys[key];
  std::vector<size_t> first;
  if (column.key_identity == sql::KeyIdentity::kAskDatabase) {
    auto equal = FirstEqualKeys(key, values);
    if (!equal.ok()) return equal.status();
    first = *std::move(equal);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string part =
        first.empty() ? sql::CanonicalKey(values[i], column.key_identity)
                      : std::string(values[first[i]]);
    // With its length, or two parts could read like two others.
    (*keys)[i] += std::to_string(part.size()) + ":" + part;
  }
  return Status::Ok();
}

Status MysqlDriver::AddKeys(const FoldedBatch& batch,
                            std::span<const size_t> rows,
                            RowArrays* arrays) const {
  for (size_t key = 0; key < key_types_.size(); ++key) {
    ValueArray array(&key_types_[key], table_->keys[key].name);
    array.Reserve(rows.size());
    for (size_t row : rows) {
      REGEAR_RETURN_IF_ERROR(array.Add(batch.key_parts(row)[key]));
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
      REGEAR_RETURN_IF_ERROR(array.Add(batch.cells(row)[column.column].value));
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
    size_t key, std::span<const std::string_view> values) {
  return comparisons_.at(table_->keys[key].name).FirstEqual(&session_, values);
}

}  // namespace regear::mysql

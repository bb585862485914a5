#include "connectors/batch_builder.h"

#include <algorithm>
#include <stdexcept>

namespace regear::testing {

BatchBuilder::BatchBuilder(std::vector<std::string> columns,
                           const KeyTemplate* key_template)
    : columns_(std::move(columns)), batch_(columns_.size(), key_template) {}

BatchBuilder& BatchBuilder::Merge(std::string_view id, const Values& values,
                                  const std::vector<std::string>& cleared) {
  const size_t row = AddRow(id, Operation::kMerge);
  SetValues(row, values);
  for (const std::string& column : cleared) {
    batch_.cells(row)[Column(column)].state = CellState::kDefault;
  }
  return *this;
}

BatchBuilder& BatchBuilder::Replace(std::string_view id, const Values& values) {
  const size_t row = AddRow(id, Operation::kReplace);
  for (Cell& cell : batch_.cells(row)) cell.state = CellState::kDefault;
  SetValues(row, values);
  return *this;
}

BatchBuilder& BatchBuilder::Delete(std::string_view id) {
  AddRow(id, Operation::kDelete);
  return *this;
}

size_t BatchBuilder::AddRow(std::string_view id, Operation operation) {
  const Position position{++position_, 0};
  batch_.CountChange(position);
  return batch_.AddRow(
      {Own(id), Own("key:" + std::string(id)), operation, position});
}

size_t BatchBuilder::Column(const std::string& name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end()) throw std::out_of_range(name);
  return static_cast<size_t>(found - columns_.begin());
}

void BatchBuilder::SetValues(size_t row, const Values& values) {
  for (const auto& [column, value] : values) {
    batch_.cells(row)[Column(column)] = {CellState::kValue, Own(value)};
  }
}

}  // namespace regear::testing

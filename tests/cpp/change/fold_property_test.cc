// What the algebra in change/fold.h promises, checked against a model: a
// table that is written one change at a time.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "change/batch_builder.h"
#include "change/fold.h"

namespace regear {
namespace {

const RowMapping kMapping = {"p:", {{"a", "a"}, {"b", "b"}, {"c", "c"}}};
const std::string kDefaultValue = "default";

using TableRow = std::map<std::string, std::string>;  // by column
using Table = std::map<std::string, TableRow>;        // by id

TableRow DefaultRow(const RowMapping& mapping) {
  TableRow row;
  for (const auto& column : mapping.columns) row[column.name] = kDefaultValue;
  return row;
}

void ApplyChange(const ChangeText& change, const RowMapping& mapping,
                 Table* table) {
  const std::string id = change.key.substr(mapping.key_prefix.size());
  if (change.operation == Operation::kDelete) {
    table->erase(id);
    return;
  }
  if (change.operation == Operation::kReplace) table->erase(id);
  TableRow& row = table->try_emplace(id, DefaultRow(mapping)).first->second;
  for (const std::string& field : change.cleared) row[field] = kDefaultValue;
  for (const auto& [field, value] : change.fields) row[field] = value;
}

// What a connector does with a folded batch.
void ApplyFolded(const FoldedBatch& folded, const RowMapping& mapping,
                 Table* table) {
  for (size_t i = 0; i < folded.size(); ++i) {
    const std::string id(folded.row(i).id);
    if (folded.row(i).operation == Operation::kDelete) {
      table->erase(id);
      continue;
    }
    TableRow& row = table->try_emplace(id, DefaultRow(mapping)).first->second;
    for (size_t column = 0; column < folded.columns(); ++column) {
      const Cell& cell = folded.cells(i)[column];
      std::string& value = row[mapping.columns[column].name];
      if (cell.state == CellState::kValue) value = cell.value;
      if (cell.state == CellState::kDefault) value = kDefaultValue;
    }
  }
}

ChangeBatch MakeBatch(const std::vector<ChangeText>& changes) {
  BatchBuilder builder;
  for (const ChangeText& change : changes) builder.Add(change);
  return builder.Take();
}

// The single row that `changes` of one key fold to, as a change again.
ChangeText FoldToOne(const std::vector<ChangeText>& changes,
                     const RowMapping& mapping) {
  const ChangeBatch batch = MakeBatch(changes);
  const FoldedBatch folded = Fold(batch, mapping, FoldMode::kLastState);
  ChangeText one{
      std::string(folded.row(0).key), folded.row(0).operation, {}, {}};
  for (size_t column = 0; column < folded.columns(); ++column) {
    const Cell& cell = folded.cells(0)[column];
    const std::string& field = mapping.columns[column].field;
    if (cell.state == CellState::kValue) {
      one.fields.emplace_back(field, cell.value);
    } else if (cell.state == CellState::kDefault &&
               one.operation == Operation::kMerge) {
      one.cleared.push_back(field);
    }
  }
  return one;
}

unsigned Seed() {
  const char* text = std::getenv("REGEAR_TEST_SEED");
  const unsigned seed = text != nullptr
                            ? static_cast<unsigned>(std::stoul(text))
                            : std::random_device()();
  std::cout << "REGEAR_TEST_SEED=" << seed << std::endl;
  return seed;
}

class RandomChanges {
 public:
  explicit RandomChanges(unsigned seed) : random_(seed) {}

  ChangeText Next() {
    ChangeText change;
    change.key = "p:" + std::to_string(Below(4));
    switch (Below(6)) {
      case 0:
        change.operation = Operation::kDelete;
        return change;
      case 1:
        change.operation = Operation::kReplace;
        break;
      default:
        break;
    }
    for (const auto& column : kMapping.columns) {
      const unsigned choice = Below(4);
      if (choice < 2) {
        change.fields.emplace_back(column.field, std::to_string(Below(10)));
      } else if (choice == 2 && change.operation == Operation::kMerge) {
        change.cleared.push_back(column.field);
      }
    }
    return change;
  }

  unsigned Below(unsigned limit) {
    return std::uniform_int_distribution<unsigned>(0, limit - 1)(random_);
  }

 private:
  std::mt19937 random_;
};

TEST(FoldPropertyTest, EqualsApplyingEachChange) {
  RandomChanges random(Seed());
  for (int round = 0; round < 2000; ++round) {
    Table expected, before;
    for (int i = 0; i < 3; ++i) ApplyChange(random.Next(), kMapping, &before);
    expected = before;
    std::vector<ChangeText> changes(1 + random.Below(12));
    for (ChangeText& change : changes) {
      change = random.Next();
      ApplyChange(change, kMapping, &expected);
    }
    for (const FoldMode mode : {FoldMode::kLastState, FoldMode::kEveryChange}) {
      Table table = before;
      const ChangeBatch batch = MakeBatch(changes);
      ApplyFolded(Fold(batch, kMapping, mode), kMapping, &table);
      ASSERT_EQ(table, expected) << "round " << round;
    }
  }
}

TEST(FoldPropertyTest, AnyCutIntoBatchesGivesTheSameTable) {
  RandomChanges random(Seed());
  for (int round = 0; round < 500; ++round) {
    Table expected, table;
    std::vector<ChangeText> part;
    for (int i = 0; i < 40; ++i) {
      part.push_back(random.Next());
      ApplyChange(part.back(), kMapping, &expected);
      if (i < 39 && random.Below(5) > 0) continue;
      const ChangeBatch batch = MakeBatch(part);
      ApplyFolded(Fold(batch, kMapping, FoldMode::kLastState), kMapping,
                  &table);
      part.clear();
    }
    ASSERT_EQ(table, expected) << "round " << round;
  }
}

// All changes of one key over two fields and two values.
std::vector<ChangeText> SmallAlphabet() {
  std::vector<ChangeText> alphabet = {{"p:1", Operation::kDelete, {}, {}}};
  for (const Operation operation : {Operation::kMerge, Operation::kReplace}) {
    // For each field: absent, "1", "2", cleared, "1" and cleared.
    const unsigned choices = operation == Operation::kMerge ? 5 : 3;
    for (unsigned i = 0; i < choices * choices; ++i) {
      ChangeText change{"p:1", operation, {}, {}};
      const unsigned choice[] = {i % choices, i / choices};
      for (unsigned field = 0; field < 2; ++field) {
        const std::string name(1, static_cast<char>('a' + field));
        if (choice[field] == 1 || choice[field] == 4) {
          change.fields.emplace_back(name, "1");
        }
        if (choice[field] == 2) change.fields.emplace_back(name, "2");
        if (choice[field] >= 3) change.cleared.push_back(name);
      }
      alphabet.push_back(std::move(change));
    }
  }
  return alphabet;
}

TEST(FoldPropertyTest, IsAssociative) {
  const RowMapping mapping = {"p:", {{"a", "a"}, {"b", "b"}}};
  const std::vector<ChangeText> alphabet = SmallAlphabet();
  for (const ChangeText& x : alphabet) {
    for (const ChangeText& y : alphabet) {
      const ChangeText xy = FoldToOne({x, y}, mapping);
      for (const ChangeText& z : alphabet) {
        const ChangeText left = FoldToOne({xy, z}, mapping);
        const ChangeText right =
            FoldToOne({x, FoldToOne({y, z}, mapping)}, mapping);
        ASSERT_TRUE(left == right);
        ASSERT_TRUE(left == FoldToOne({x, y, z}, mapping));
      }
    }
  }
}

}  // namespace
}  // namespace regear

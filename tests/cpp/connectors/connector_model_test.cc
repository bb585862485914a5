// Random batches against a model of what the table has to hold afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "connectors/test_database.h"

namespace regear::testing {
namespace {

constexpr size_t kColumns = 10;

using ModelRow = std::vector<std::string>;

// Even columns are text, odd ones integers. Some have defaults.
std::string DefaultOf(size_t column) {
  if (column % 5 == 0) return column % 2 == 0 ? "none" : "5";
  return "NULL";
}

class ConnectorModelTest : public ConnectorTest {
 protected:
  void CreateTable() {
    std::string sql = "CREATE TABLE people (id text PRIMARY KEY";
    std::vector<std::string> names;
    for (size_t i = 0; i < kColumns; ++i) {
      const bool text = i % 2 == 0;
      names.push_back("c" + std::to_string(i));
      sql += ", " + names.back() + (text ? " text" : " integer");
      if (DefaultOf(i) == "NULL") continue;
      sql += " DEFAULT " + (text ? "'" + DefaultOf(i) + "'" : DefaultOf(i));
    }
    database->Run(sql + ")");
    Open(names);
  }

  // Adds a random change to `batch` and applies it to the model.
  void Change(BatchBuilder* batch, const std::string& id) {
    const uint32_t kind = random_() % 10;
    if (kind == 0) {
      batch->Delete(id);
      model_.erase(id);
      return;
    }
    const bool replace = kind == 1;
    ModelRow fresh;
    for (size_t i = 0; i < kColumns; ++i) fresh.push_back(DefaultOf(i));
    ModelRow& row = model_.try_emplace(id, fresh).first->second;
    if (replace) row = fresh;
    BatchBuilder::Values values;
    std::vector<std::string> cleared;
    for (size_t i = 0; i < kColumns; ++i) {
      const uint32_t state = random_() % 3;
      if (state == 0) continue;
      const bool clear = !replace && state == 1;
      row[i] = clear ? DefaultOf(i) : std::to_string(random_() % 1000);
      if (clear) {
        cleared.push_back(columns[i]);
      } else {
        values.emplace_back(columns[i], row[i]);
      }
    }
    if (replace) {
      batch->Replace(id, values);
    } else {
      batch->Merge(id, values, cleared);
    }
  }

  std::vector<std::string> Expected() const {
    std::vector<std::string> rows;
    for (const auto& [id, values] : model_) {
      std::string row = id;
      for (const std::string& value : values) row += "|" + value;
      rows.push_back(row);
    }
    return rows;
  }

  std::mt19937 random_{20240611};
  std::map<std::string, ModelRow> model_;
};

REGEAR_ON_ALL_BACKENDS(ConnectorModelTest);

TEST_P(ConnectorModelTest, HoldsWhatTheChangesSay) {
  CreateTable();
  for (int round = 0; round < 30; ++round) {
    BatchBuilder batch = Batch();
    // Ids repeat now and then within a batch, as they do without a fold.
    for (uint32_t i = 0; i < random_() % 120; ++i) {
      Change(&batch, "k" + std::to_string(100 + random_() % 200));
    }
    const WriteReport report = Write(batch);
    ASSERT_TRUE(report.status.ok()) << report.status.ToString();
    ASSERT_EQ(People(), Expected()) << "after round " << round;
  }
}

}  // namespace
}  // namespace regear::testing

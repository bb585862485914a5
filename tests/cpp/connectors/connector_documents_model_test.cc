// Random documents against a model of what their tables have to hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "connectors/documents_fixture.h"

namespace regear::testing {
namespace {

struct Item {
  std::string sku;       // "NULL": none
  std::string quantity;  // "1", the default, if none
};

struct Order {
  std::string visits = "NULL";
  std::vector<Item> items;
};

class DocumentsModelTest : public DocumentsTest {
 protected:
  void SetUp() override {
    DocumentsTest::SetUp();
    const char* given = std::getenv("REGEAR_TEST_SEED");
    seed_ = given != nullptr ? std::stoul(given) : std::random_device()();
    random_.seed(seed_);
  }

  uint32_t Below(uint32_t bound) { return random_() % bound; }

  // A random change of the document `id`, here and in the model.
  void ChangeOne(const std::string& id) {
    if (Below(6) == 0) {
      model_.erase(id);
      Delete(id);
      return;
    }
    Order order;
    std::string json = "{";
    if (Below(4) != 0) {
      order.visits = std::to_string(Below(1000));
      json += R"("visits":)" + order.visits + ",";
    }
    json += R"("address":null,"items":[)";
    const uint32_t count = Below(8);
    for (uint32_t i = 0; i < count; ++i) {
      json += (i > 0 ? "," : "") + Element(&order.items.emplace_back());
    }
    Set(id, json + "]}");
    model_[id] = order;
  }

  std::string Element(Item* item) {
    const bool sku = Below(3) != 0;
    const bool quantity = Below(3) != 0;
    item->sku = sku ? "it's " + std::to_string(Below(50)) : "NULL";
    item->quantity = quantity ? std::to_string(Below(100)) : "1";
    return "{" + (sku ? R"("sku":")" + item->sku + "\"" : std::string()) +
           (sku && quantity ? "," : "") +
           (quantity ? R"("quantity":)" + item->quantity : std::string()) + "}";
  }

  std::vector<std::string> ExpectedOrders() const {
    std::vector<std::string> rows;
    for (const auto& [id, order] : model_) {
      rows.push_back(id + "|" + order.visits);
    }
    return rows;
  }
  std::vector<std::string> ExpectedItems() const {
    std::vector<std::string> rows;
    for (const auto& [id, order] : model_) {
      for (size_t i = 0; i < order.items.size(); ++i) {
        const Item& item = order.items[i];
        rows.push_back(id + "|" + item.sku + "|" + item.quantity + "|" +
                       std::to_string(i));
      }
    }
    return rows;
  }

  unsigned long seed_ = 0;
  std::mt19937 random_;
  std::map<std::string, Order> model_;
};

REGEAR_ON_ALL_BACKENDS(DocumentsModelTest);

TEST_P(DocumentsModelTest, TablesHoldWhatTheDocumentsSay) {
  SCOPED_TRACE("REGEAR_TEST_SEED=" + std::to_string(seed_));
  CreateTables();
  OpenDocuments();
  for (int round = 0; round < 30; ++round) {
    const uint32_t changes = Below(80);
    for (uint32_t i = 0; i < changes; ++i) {
      ChangeOne("k" + std::to_string(100 + Below(60)));
    }
    const FoldMode mode =
        Below(3) == 0 ? FoldMode::kEveryChange : FoldMode::kLastState;
    const WriteReport report = Flush(mode, Below(2) == 0);
    ASSERT_TRUE(report.status.ok()) << report.status.ToString();
    ASSERT_EQ(Orders("visits"), ExpectedOrders()) << "after round " << round;
    ASSERT_EQ(Items(), ExpectedItems()) << "after round " << round;
  }
}

}  // namespace
}  // namespace regear::testing

#include "change/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>

namespace regear {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kAbsent[] = "(absent)";

// What a column mapped to `path` takes.
std::string ValueAt(const std::string& path, std::string_view document) {
  const std::string paths[] = {path};
  const auto made = DocumentPaths::Make(paths);
  EXPECT_TRUE(made.ok()) << path;
  Cell cell;
  std::deque<std::string> owned;
  made->Find(document, {&cell, 1}, &owned);
  return cell.state == CellState::kValue ? std::string(cell.value) : kAbsent;
}

TEST(DocumentTest, FindsTheTextThatAColumnTakes) {
  const struct {
    const char* path;
    const char* document;
    std::string value;
  } kCases[] = {
      {"$.a", R"({"a":"x"})", "x"},
      {"$.a", R"({"a":""})", ""},
      {"$.a", R"({"a":"O'Brien said \"hi\""})", "O'Brien said \"hi\""},
      {"$.a", R"({"a":"\u00e9\ud83d\ude00\n\\"})", "é😀\n\\"},
      {"$.a", R"({"a":"}]{[,:"})", "}]{[,:"},
      {"$.a", R"({"a":"nu\u0000l"})", std::string("nu\0l", 4)},
      {"$.a", R"({"a":9007199254740993})", "9007199254740993"},
      {"$.a", R"({"a":123456789012345678901234567890})",
       "123456789012345678901234567890"},
      {"$.a", R"({"a":-0.10})", "-0.10"},
      {"$.a", R"({"a":1e3})", "1e3"},
      {"$.a", R"({"a":1.00000000000000000001})", "1.00000000000000000001"},
      {"$.a", R"({"a":true})", "true"},
      {"$.a", R"({"a":false})", "false"},
      {"$.a", R"({"a":null})", kAbsent},
      {"$.a", R"({"b":1})", kAbsent},
      {"$.a", R"([1])", kAbsent},
      {"$.a", R"("text")", kAbsent},
      {"$.a.b", R"({"a":1})", kAbsent},
      {"$.a", R"({ "a" : [ 1, {"b": "]"} ] , "c":2})", R"([ 1, {"b": "]"} ])"},
      {"$.a", R"({"a":{}})", "{}"},
      {"$.a.b.c", R"({"x":{"b":0},"a":{"b":{"c":7}}})", "7"},
      {"$['a b']", R"({"a b":1})", "1"},
      {"$['a b']", R"({"a\u0020b":1})", "1"},
      {"$['']", R"({"":1})", "1"},
      {"$.a[1]", R"({"a":["x","y"]})", "y"},
      {"$.a[2]", R"({"a":["x","y"]})", kAbsent},
      {"$.a[0]", R"({"a":[]})", kAbsent},
      {"$.a[0]", R"({"a":{"0":1}})", kAbsent},
      {"$.a[1].b", R"({"a":[{"b":1},{"b":2}]})", "2"},
      {"$[0]", R"([5,6])", "5"},
      {"$", R"({"a": 1})", R"({"a": 1})"},
      {"$", R"("text")", "text"},
      {"$", " 12 ", "12"},
      {"$", "null", kAbsent},
  };
  for (const auto& [path, document, value] : kCases) {
    ASSERT_EQ(FaultOfJson(document), std::nullopt) << document;
    EXPECT_EQ(ValueAt(path, document), value) << path << " of " << document;
  }
}

TEST(DocumentTest, FindsManyPathsThatShareSteps) {
  const std::string paths[] = {"$.a", "$.a.b", "$.a.c[1]", "$", "$.a.b", "$.z"};
  const auto made = DocumentPaths::Make(paths);
  ASSERT_TRUE(made.ok());
  std::vector<Cell> cells(made->size());
  std::deque<std::string> owned;
  made->Find(R"({"a":{"c":[1,2],"b":"x"}})", cells, &owned);
  std::vector<std::string> values;
  for (const Cell& cell : cells) values.emplace_back(cell.value);
  EXPECT_THAT(values, ElementsAre(R"({"c":[1,2],"b":"x"})", "x", "2",
                                  R"({"a":{"c":[1,2],"b":"x"}})", "x", ""));
  EXPECT_EQ(cells.back().state, CellState::kAbsent);
}

TEST(DocumentTest, SaysWhereADocumentIsNoJson) {
  for (const char* document : {"", "{", "{\"a\":}", "nul", "{\"a\":1} x",
                               "[1,]", "\"a", "'a'", "\"\xff\"", "01"}) {
    const auto fault = FaultOfJson(document);
    ASSERT_TRUE(fault.has_value()) << document;
    EXPECT_THAT(*fault, HasSubstr("no JSON at byte"));
  }
}

TEST(DocumentTest, ListsTheElementsOfAnArray) {
  EXPECT_THAT(ElementsOf(R"([ {"a":[1,2]} , "x,]" ,3,null ])"),
              ElementsAre(R"({"a":[1,2]})", R"("x,]")", "3", "null"));
  EXPECT_THAT(ElementsOf("[]"), IsEmpty());
  EXPECT_THAT(ElementsOf(R"({"a":[1]})"), IsEmpty());
  EXPECT_THAT(ElementsOf("7"), IsEmpty());
}

TEST(DocumentTest, ReadsDeepAndLongDocuments) {
  const std::string deep =
      std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(FaultOfJson(deep), std::nullopt);
  EXPECT_EQ(ValueAt("$[0]", deep).size(), deep.size() - 2);
  const std::string text(1'000'000, 'x');
  EXPECT_EQ(ValueAt("$.b", R"({"a":")" + text + R"(","b":1})"), "1");
}

// Whatever is cut off or changed: it is refused, or read without harm.
TEST(DocumentTest, SurvivesDamagedDocuments) {
  const std::string document =
      R"({"a":{"b":["x\"y",1.5e3,null,{"c":"\u00e9"}]},"d":[[],{}]})";
  const std::string paths[] = {"$.a.b[0]", "$.a.b[3].c", "$.d", "$", "$.d[1]"};
  const auto made = DocumentPaths::Make(paths);
  ASSERT_TRUE(made.ok());
  std::mt19937 random(20241121);
  size_t accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = document.substr(0, random() % document.size() + 1);
    if (!damaged.empty() && random() % 2 == 0) {
      damaged = document;
      damaged[random() % damaged.size()] = R"({}[]",:\ 0)"[random() % 10];
    }
    if (FaultOfJson(damaged)) continue;
    ++accepted;
    std::vector<Cell> cells(made->size());
    std::deque<std::string> owned;
    made->Find(damaged, cells, &owned);
    EXPECT_EQ(cells[3].value, damaged);
  }
  EXPECT_GT(accepted, 100u);
}

class FoldDocumentsTest : public ::testing::Test {
 protected:
  FoldDocumentsTest() {
    mapping_.key_prefix = "order:";
    mapping_.columns = {{"$.total", "total"}, {"$.city", "city"}};
    mapping_.arrays = {"$.items"};
    const std::string paths[] = {"$.total", "$.city", "$.items"};
    mapping_.documents = std::make_shared<const DocumentMapping>(
        DocumentMapping{"doc", *DocumentPaths::Make(paths)});
  }

  void Set(std::string_view key, std::string_view json,
           Operation operation = Operation::kReplace) {
    batch_.AddField("doc", json);
    Add(key, operation);
  }
  void Add(std::string_view key, Operation operation) {
    Change change;
    change.position = {++last_, 0};
    change.key = key;
    change.operation = operation;
    batch_.Add(change);
  }
  FoldedBatch Folded(FoldMode mode = FoldMode::kLastState) {
    return Fold(batch_, mapping_, mode);
  }
  static std::string CellsOf(const FoldedBatch& folded, size_t row) {
    std::string text;
    for (const Cell& cell : folded.cells(row)) {
      if (cell.state == CellState::kValue) text += cell.value;
      if (cell.state == CellState::kDefault) text += "default";
      if (cell.state == CellState::kAbsent) text += "-";
      text += '|';
    }
    return text;
  }

  ChangeBatch batch_;
  RowMapping mapping_;
  uint64_t last_ = 0;
};

TEST_F(FoldDocumentsTest, TheLastDocumentOfARowTellsAllOfIt) {
  Set("order:1", R"({"total":1,"city":"Oslo","items":[1]})");
  Set("order:2", R"({"total":5})", Operation::kMerge);
  Set("order:1", R"({"total":2,"items":[3]})");
  const FoldedBatch folded = Folded();
  ASSERT_EQ(folded.size(), 2u);
  EXPECT_EQ(folded.row(0).id, "1");
  EXPECT_EQ(folded.row(0).operation, Operation::kReplace);
  EXPECT_EQ(CellsOf(folded, 0), "2|default|[3]|");
  EXPECT_EQ(folded.row(1).operation, Operation::kReplace);
  EXPECT_EQ(CellsOf(folded, 1), "5|default|default|");
  EXPECT_EQ(folded.changes(), 3u);
  EXPECT_EQ(folded.last(), (Position{3, 0}));
  EXPECT_TRUE(folded.all_fit());
}

TEST_F(FoldDocumentsTest, ADeletedRowHasNoCells) {
  Set("order:1", R"({"total":1})");
  Add("order:1", Operation::kDelete);
  const FoldedBatch folded = Folded();
  ASSERT_EQ(folded.size(), 1u);
  EXPECT_EQ(folded.row(0).operation, Operation::kDelete);
  EXPECT_EQ(CellsOf(folded, 0), "-|-|-|");
}

TEST_F(FoldDocumentsTest, EveryChangeIsARowWhereThatIsAsked) {
  Set("order:1", R"({"total":1})");
  Set("order:1", R"({"city":"Rome"})");
  const FoldedBatch folded = Folded(FoldMode::kEveryChange);
  ASSERT_EQ(folded.size(), 2u);
  EXPECT_EQ(CellsOf(folded, 0), "1|default|default|");
  EXPECT_EQ(CellsOf(folded, 1), "default|Rome|default|");
}

TEST_F(FoldDocumentsTest, ADocumentThatIsNoJsonDoesNotFit) {
  Set("order:1", R"({"total":1})");
  Set("order:2", R"({"total":)");
  Add("order:3", Operation::kReplace);
  const FoldedBatch folded = Folded();
  EXPECT_FALSE(folded.all_fit());
  EXPECT_TRUE(folded.row(0).fits_template);
  EXPECT_FALSE(folded.row(1).fits_template);
  EXPECT_THAT(folded.MismatchReason(1), HasSubstr("no JSON at byte"));
  EXPECT_EQ(folded.MismatchReason(2), "there is no document");
  EXPECT_FALSE(folded.Slice(1, 1).all_fit());
}

TEST_F(FoldDocumentsTest, ValuesThatWereUnescapedOutliveTheSource) {
  Set("order:1", R"({"city":"\u00c5lesund on the western coast of Norway"})");
  const FoldedBatch narrow = Folded().Narrow(2);
  EXPECT_EQ(narrow.columns(), 2u);
  EXPECT_EQ(CellsOf(narrow, 0),
            "default|Ålesund on the western coast of Norway|");
}

}  // namespace
}  // namespace regear

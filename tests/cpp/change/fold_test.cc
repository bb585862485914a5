#include "change/fold.h"

#include <gtest/gtest.h>

#include <string>

#include "change/batch_builder.h"

namespace regear {
namespace {

const RowMapping kMapping = {"p:", {{"a", "A"}, {"b", "B"}}};

// A row as "id op A B": an absent cell is "-", a default "D".
std::string Show(const FoldedBatch& folded, size_t i) {
  std::string text(folded.row(i).id);
  text += ' ';
  text += static_cast<char>(folded.row(i).operation);
  for (const Cell& cell : folded.cells(i)) {
    text += ' ';
    if (cell.state == CellState::kAbsent) text += '-';
    if (cell.state == CellState::kDefault) text += 'D';
    text += cell.value;
  }
  return text;
}

std::string Show(const FoldedBatch& folded) {
  std::string text;
  for (size_t i = 0; i < folded.size(); ++i) {
    text += (i > 0 ? ", " : "") + Show(folded, i);
  }
  return text;
}

std::string FoldAndShow(BatchBuilder& builder,
                        FoldMode mode = FoldMode::kLastState,
                        Position after = {}) {
  const ChangeBatch batch = builder.Take();
  return Show(Fold(batch, kMapping, mode, after));
}

TEST(FoldTest, KeepsTheLastValueOfEachField) {
  EXPECT_EQ(FoldAndShow(BatchBuilder()
                            .Set("p:1", {{"a", "1"}, {"b", "2"}})
                            .Set("p:2", {{"a", "5"}})
                            .Set("p:1", {{"b", "3"}})),
            "1 = 1 3, 2 = 5 -");
}

TEST(FoldTest, ClearedFieldsTakeTheirDefault) {
  EXPECT_EQ(FoldAndShow(BatchBuilder()
                            .Set("p:1", {{"a", "1"}, {"b", "2"}})
                            .Set("p:1", {}, {"a"})),
            "1 = D 2");
}

TEST(FoldTest, AFieldBothSetAndClearedIsSet) {
  EXPECT_EQ(FoldAndShow(BatchBuilder().Set("p:1", {{"a", "1"}}, {"a"})),
            "1 = 1 -");
}

TEST(FoldTest, DeleteForgetsWhatCameBefore) {
  EXPECT_EQ(FoldAndShow(BatchBuilder().Set("p:1", {{"a", "1"}}).Delete("p:1")),
            "1 ~ - -");
}

TEST(FoldTest, AWriteAfterADeleteReplaces) {
  EXPECT_EQ(FoldAndShow(BatchBuilder()
                            .Set("p:1", {{"a", "1"}})
                            .Delete("p:1")
                            .Set("p:1", {{"b", "2"}})),
            "1 ! D 2");
}

TEST(FoldTest, ReplaceSetsAllThatItLacksToDefault) {
  EXPECT_EQ(FoldAndShow(BatchBuilder()
                            .Set("p:1", {{"a", "1"}, {"b", "2"}})
                            .Replace("p:1", {{"a", "3"}})),
            "1 ! 3 D");
}

TEST(FoldTest, UnmappedFieldsAreLeftOut) {
  EXPECT_EQ(FoldAndShow(BatchBuilder().Set("p:1", {{"x", "1"}, {"b", "2"}})),
            "1 = - 2");
}

TEST(FoldTest, AKeyWithoutThePrefixIsItsOwnId) {
  EXPECT_EQ(FoldAndShow(BatchBuilder().Set("q:1", {{"a", "1"}})), "q:1 = 1 -");
}

TEST(FoldTest, EveryChangeModeKeepsOneRowPerChange) {
  EXPECT_EQ(
      FoldAndShow(
          BatchBuilder().Set("p:1", {{"a", "1"}}).Set("p:1", {{"a", "2"}}),
          FoldMode::kEveryChange),
      "1 = 1 -, 1 = 2 -");
}

TEST(FoldTest, SkipsWhatIsInTheTargetAlready) {
  const ChangeBatch batch = BatchBuilder()
                                .Set("p:1", {{"a", "1"}})
                                .Set("p:2", {{"a", "2"}})
                                .Set("p:1", {{"a", "3"}})
                                .Take();
  const FoldedBatch folded =
      Fold(batch, kMapping, FoldMode::kLastState, {2, 0});
  EXPECT_EQ(Show(folded), "1 = 3 -");
  EXPECT_EQ(folded.changes(), 1u);
  EXPECT_EQ(folded.last(), (Position{3, 0}));
}

TEST(FoldTest, CountsChangesAndKnowsTheLastOfEachRow) {
  const ChangeBatch batch = BatchBuilder()
                                .Set("p:1", {{"a", "1"}})
                                .Set("p:1", {{"a", "2"}})
                                .Set("p:2", {{"a", "3"}})
                                .Take();
  const FoldedBatch folded = Fold(batch, kMapping, FoldMode::kLastState);
  EXPECT_EQ(folded.changes(), 3u);
  EXPECT_EQ(folded.row(0).last, (Position{2, 0}));
  EXPECT_EQ(folded.last(), (Position{3, 0}));
}

}  // namespace
}  // namespace regear

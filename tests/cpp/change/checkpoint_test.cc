#include <gtest/gtest.h>

#include "change/connector.h"

namespace regear {
namespace {

TEST(CheckpointTest, DecodesWhatItEncodes) {
  const Checkpoint checkpoint{7, "00ff", {1526919030474, 55}, 12};
  EXPECT_EQ(checkpoint.Encode(), "7:00ff:1526919030474-55:12");
  const auto decoded = Checkpoint::Decode(checkpoint.Encode());
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_EQ(*decoded, checkpoint);
}

TEST(CheckpointTest, RefusesForeignTextAndSaysWhatToDo) {
  for (const char* text : {"", "1526919030474-55", "1:a:2-3", "1:a:2-3:4:5",
                           "x:a:2-3:4", "1:a:2-3:-1"}) {
    const auto decoded = Checkpoint::Decode(text);
    ASSERT_FALSE(decoded.ok()) << text;
    EXPECT_EQ(decoded.status().code(), StatusCode::kStop);
    EXPECT_FALSE(decoded.status().hint().empty());
  }
}

}  // namespace
}  // namespace regear

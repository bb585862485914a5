#include "module/migrated_keys.h"

#include <gtest/gtest.h>

namespace regear {
namespace {

constexpr uint64_t kClient = 7;
constexpr uint64_t kOther = 8;

TEST(MigratedKeysTest, ADeleteInsideTheCommandIsItsOwn) {
  MigratedKeys keys;
  keys.OnMigrate(kClient, {"a", "b"});
  EXPECT_TRUE(keys.Caused("a", false));
  EXPECT_TRUE(keys.Caused("b", false));
  EXPECT_FALSE(keys.Caused("c", false));
}

TEST(MigratedKeysTest, ADeleteByALaterCommandIsNot) {
  MigratedKeys keys;
  keys.OnMigrate(kClient, {"a"});
  keys.OnOtherCommand();
  EXPECT_FALSE(keys.Caused("a", false));
}

TEST(MigratedKeysTest, AQueuedOneCountsInsideItsExec) {
  MigratedKeys keys;
  keys.OnMigrate(kClient, {"a"});
  keys.OnOtherCommand();
  keys.OnExec(kOther);
  EXPECT_FALSE(keys.Caused("a", true));
  keys.OnExec(kClient);
  EXPECT_TRUE(keys.Caused("a", true));
}

TEST(MigratedKeysTest, NothingIsLeftBehindAnExec) {
  MigratedKeys keys;
  keys.OnMigrate(kClient, {"a"});
  keys.OnExec(kClient);
  keys.OnOtherCommand();
  keys.OnExec(kClient);
  EXPECT_FALSE(keys.Caused("a", true));
}

TEST(MigratedKeysTest, ADiscardedOneIsForgotten) {
  MigratedKeys keys;
  keys.OnMigrate(kClient, {"a"});
  keys.OnOtherCommand();
  keys.Forget(kClient);
  keys.OnExec(kClient);
  EXPECT_FALSE(keys.Caused("a", true));
}

}  // namespace
}  // namespace regear

#include "module/host_command_line.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "module/server_address.h"

namespace regear {
namespace {

namespace fs = std::filesystem;

// A place for programs and packages, which is all of PATH.
class FindInterpreterTest : public ::testing::Test {
 protected:
  FindInterpreterTest() {
    std::string name = fs::temp_directory_path() / "regear-XXXXXX";
    root_ = mkdtemp(name.data());
    path_ = std::getenv("PATH");
    setenv("PATH", (root_ / "path").c_str(), 1);
  }
  ~FindInterpreterTest() override {
    setenv("PATH", path_.c_str(), 1);
    fs::remove_all(root_);
  }
  std::string Program(const std::string& name) {
    const fs::path file = Touch(name);
    fs::permissions(file, fs::perms::owner_all);
    return file;
  }
  fs::path Touch(const std::string& name) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << "#!/bin/sh\n";
    return root_ / name;
  }
  // The folder of a package that was built for Python 3.77.
  std::string Package(const std::string& folder) {
    return Touch(folder + "/_engine.cpython-377-x86_64-linux-gnu.so")
        .parent_path();
  }

  fs::path root_;
  std::string path_;
};

TEST_F(FindInterpreterTest, TakesTheOneOfTheEnvironment) {
  const std::string folder =
      Package("venv/lib/python3.77/site-packages/regear");
  const std::string python = Program("venv/bin/python3.77");
  Program("path/python3.77");
  EXPECT_EQ(FindInterpreter(folder), python);
}

TEST_F(FindInterpreterTest, TakesTheOneInPathElsewhere) {
  const std::string folder = Package("target/regear");
  const std::string python = Program("path/python3.77");
  Program("path/python3");
  EXPECT_EQ(FindInterpreter(folder), python);
}

TEST_F(FindInterpreterTest, TakesNoneOfAnotherVersion) {
  const std::string folder =
      Package("venv/lib/python3.77/site-packages/regear");
  Program("venv/bin/python3");
  Program("path/python3.76");
  EXPECT_EQ(FindInterpreter(folder), "");
}

TEST_F(FindInterpreterTest, TakesNoneThatCannotBeRun) {
  const std::string folder = Package("target/regear");
  Touch("path/python3.77");
  EXPECT_EQ(FindInterpreter(folder), "");
}

TEST(FindHostTest, SplitsACommandAtSpaces) {
  EXPECT_EQ(FindHost({{"Key", "x"}, {"Host", "/bin/nice  /opt/host"}}).words,
            (std::vector<std::string>{"/bin/nice", "/opt/host"}));
  EXPECT_TRUE(FindHost({{"host", "None"}}).words.empty());
  EXPECT_EQ(FindHost({{"Host", "none"}}).error, "");
}

TEST(LocalAddressTest, IsOneThatTheServerListensOn) {
  EXPECT_EQ(LocalAddress("* -::*"), "127.0.0.1");
  EXPECT_EQ(LocalAddress("10.0.0.5 127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(LocalAddress("-10.0.0.5"), "10.0.0.5");
  EXPECT_EQ(LocalAddress("0.0.0.0"), "127.0.0.1");
  EXPECT_EQ(LocalAddress("::1"), "::1");
  EXPECT_EQ(LocalAddress("-::*"), "::1");
  EXPECT_EQ(LocalAddress(""), "127.0.0.1");
}

}  // namespace
}  // namespace regear

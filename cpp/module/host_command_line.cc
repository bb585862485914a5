#include "module/host_command_line.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "module/text.h"

namespace regear {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kScript = "_spawned.py";
constexpr std::string_view kUsualFolders = "/usr/local/bin:/usr/bin:/bin";

bool IsProgram(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && access(path.c_str(), X_OK) == 0;
}

std::string InPath(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(std::string(path == nullptr ? "" : path) + ":" +
                             std::string(kUsualFolders));
  for (std::string folder; std::getline(folders, folder, ':');) {
    // A relative one is no place to take programs from.
    if (!folder.starts_with('/')) continue;
    const fs::path file = fs::path(folder) / name;
    if (IsProgram(file)) return file;
  }
  return "";
}

// "python3.11" of _engine.cpython-311-x86_64-linux-gnu.so.
std::string InterpreterOfExtension(const std::string& folder) {
  constexpr std::string_view kPrefix = "_engine.cpython-3";
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(kPrefix)) continue;
    const size_t end = name.find_first_not_of("0123456789", kPrefix.size());
    return "python3." + name.substr(kPrefix.size(), end - kPrefix.size());
  }
  return "python3";
}

// Where regear.so was loaded from, if the package is there.
std::string PackageFolder() {
  Dl_info info = {};
  if (dladdr(reinterpret_cast<const void*>(&PackageFolder), &info) == 0) {
    return "";
  }
  std::error_code failed;
  const fs::path loaded = fs::absolute(info.dli_fname, failed);
  // Packages may be links to files elsewhere; so may be the module alone.
  for (const fs::path& file : {loaded, fs::weakly_canonical(loaded, failed)}) {
    const fs::path folder = file.parent_path();
    if (fs::exists(folder / kScript, failed)) return folder;
  }
  return "";
}

std::vector<std::string> Words(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

}  // namespace

std::string_view ArgumentNamed(const ModuleArguments& arguments,
                               std::string_view key) {
  for (const auto& [name, value] : arguments) {
    if (SameIgnoringCase(name, key)) return value;
  }
  return "";
}

std::string FindInterpreter(const std::string& folder) {
  const std::string name = InterpreterOfExtension(folder);
  // <prefix>/lib/python3.11/site-packages/regear
  const fs::path prefix =
      fs::path(folder).parent_path().parent_path().parent_path().parent_path();
  const fs::path program = prefix / "bin" / name;
  return IsProgram(program) ? program.string() : InPath(name);
}

HostCommandLine FindHost(const ModuleArguments& arguments) {
  const std::string_view host = ArgumentNamed(arguments, "Host");
  if (SameIgnoringCase(host, "none")) return {};
  if (!host.empty() && !SameIgnoringCase(host, "auto")) {
    return {Words(host), ""};
  }
  const std::string folder = PackageFolder();
  if (folder.empty()) {
    return {{},
            "regear.so was copied away from its package: load the one that "
            "`regear module-path` prints, or name a command: Host <command>"};
  }
  std::string python(ArgumentNamed(arguments, "HostPython"));
  if (python.empty()) python = FindInterpreter(folder);
  if (python.empty()) {
    return {{},
            "no " + InterpreterOfExtension(folder) +
                " was found for it: name the interpreter that regear is "
                "installed for, HostPython <path>"};
  }
  return {{python, (fs::path(folder) / kScript).string()}, ""};
}

}  // namespace regear

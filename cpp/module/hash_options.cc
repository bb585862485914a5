#include "module/hash_options.h"

#include <array>
#include <climits>
#include <optional>
#include <string_view>

#include "module/text.h"

namespace regear {

namespace {

constexpr const char* kOneCondition =
    "ERR Only one of FXX or FNX arguments can be specified";
constexpr const char* kOneExpiry =
    "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
// The latest time of a hash field, in Redis 8.
constexpr long long kMaxTimeMs = ((1LL << 48) - 2) >> 2;

struct Expiry {
  std::string_view name;
  long long unit_ms;
  bool absolute;
};
constexpr std::array<Expiry, 4> kExpiries = {{
    {"EX", 1000, false},
    {"PX", 1, false},
    {"EXAT", 1000, true},
    {"PXAT", 1, true},
}};

std::optional<Expiry> ExpiryNamed(std::string_view name) {
  for (const Expiry& expiry : kExpiries) {
    if (SameIgnoringCase(expiry.name, name)) return expiry;
  }
  return std::nullopt;
}

// Sets `options`->is_past, or the error.
void ReadTime(const Expiry& expiry, std::string_view text, long long now_ms,
              HsetexOptions* options) {
  const auto time = ParseInteger(text);
  if (!time) {
    options->error = "ERR value is not an integer or out of range";
    return;
  }
  if (*time < 0) {
    options->error = "ERR invalid expire time, must be >= 0";
    return;
  }
  const long long base = expiry.absolute ? 0 : now_ms;
  if (*time > (kMaxTimeMs - base) / expiry.unit_ms) {
    options->error = "ERR invalid expire time in 'hsetex' command";
    return;
  }
  options->is_past = base + *time * expiry.unit_ms <= now_ms;
}

// The word at `i`, and the one behind it where it needs one; the next index.
size_t ReadOption(const std::vector<StringPtr>& words, size_t i,
                  long long now_ms, HsetexOptions* options) {
  const std::string_view word = View(words[i].get());
  const bool if_none = SameIgnoringCase(word, "FNX");
  if (if_none || SameIgnoringCase(word, "FXX")) {
    if (options->if_none || options->if_all) options->error = kOneCondition;
    (if_none ? options->if_none : options->if_all) = true;
    return i + 1;
  }
  const auto expiry = ExpiryNamed(word);
  if (!expiry && !SameIgnoringCase(word, "KEEPTTL")) {
    options->error = "ERR unknown argument: " + std::string(word);
    return i + 1;
  }
  if (!options->expiry.empty()) options->error = kOneExpiry;
  options->expiry.push_back(Share(words[i].get()));
  if (!expiry || !options->error.empty()) return i + 1;
  if (i + 1 == words.size()) {
    options->error = "ERR wrong number of arguments for 'hsetex' command";
    return i + 1;
  }
  options->expiry.push_back(Share(words[i + 1].get()));
  ReadTime(*expiry, View(words[i + 1].get()), now_ms, options);
  return i + 2;
}

}  // namespace

HsetexOptions ParseHsetex(const std::vector<StringPtr>& words,
                          long long now_ms) {
  HsetexOptions options;
  size_t i = 2;
  while (i < words.size() &&
         !SameIgnoringCase(View(words[i].get()), "FIELDS")) {
    i = ReadOption(words, i, now_ms, &options);
    if (!options.error.empty()) return options;
  }
  options.first_field = i + 2;
  const bool has_count = i + 1 < words.size();
  const auto count = has_count ? ParseInteger(View(words[i + 1].get()))
                               : std::optional<long long>(1);
  if (!count || *count < 1 || *count > INT_MAX) {
    options.error = "ERR invalid number of fields";
  } else if (options.first_field + 2 * static_cast<size_t>(*count) !=
             words.size()) {
    options.error = "ERR wrong number of arguments for 'hsetex' command";
  }
  return options;
}

std::string HgetdelError(const std::vector<StringPtr>& words) {
  if (!SameIgnoringCase(View(words[2].get()), "FIELDS")) {
    return "ERR Mandatory argument FIELDS is missing or not at the right "
           "position";
  }
  const auto count = ParseInteger(View(words[3].get()));
  if (!count || *count < 1) {
    return "ERR Number of fields must be a positive integer";
  }
  if (static_cast<size_t>(*count) != words.size() - 4) {
    return "ERR The `numfields` parameter must match the number of arguments";
  }
  return "";
}

}  // namespace regear

#include "connectors/mysql/mysql_temporal.h"

#include <chrono>
#include <cstdio>

#include "connectors/sql/numeric_text.h"

namespace regear::mysql {

namespace {

// Reads a text from its beginning; every method consumes only what it finds.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool AtEnd() const { return text_.empty(); }
  std::string_view rest() const { return text_; }

  bool Char(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::optional<int> Digits(size_t count) {
    if (text_.size() < count) return std::nullopt;
    int number = 0;
    for (char c : text_.substr(0, count)) {
      if (c < '0' || c > '9') return std::nullopt;
      number = number * 10 + (c - '0');
    }
    text_.remove_prefix(count);
    return number;
  }

  // ".123", or nothing at all.
  std::string_view Fraction() {
    if (text_.empty() || text_.front() != '.') return {};
    size_t end = 1;
    while (end < text_.size() && text_[end] >= '0' && text_[end] <= '9') ++end;
    if (end == 1) return {};
    const std::string_view fraction = text_.substr(0, end);
    text_.remove_prefix(end);
    return fraction;
  }

 private:
  std::string_view text_;
};

struct ClockTime {
  std::chrono::seconds since_midnight;
  std::string_view fraction;
};

std::optional<ClockTime> ScanTime(Scanner* scanner) {
  const auto hour = scanner->Digits(2);
  if (!hour || *hour > 23 || !scanner->Char(':')) return std::nullopt;
  const auto minute = scanner->Digits(2);
  if (!minute || *minute > 59) return std::nullopt;
  int second = 0;
  if (scanner->Char(':')) {
    const auto digits = scanner->Digits(2);
    if (!digits || *digits > 59) return std::nullopt;
    second = *digits;
  }
  return ClockTime{std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
                       std::chrono::seconds(second),
                   scanner->Fraction()};
}

std::optional<std::chrono::year_month_day> ScanDate(Scanner* scanner) {
  const auto year = scanner->Digits(4);
  if (!year || !scanner->Char('-')) return std::nullopt;
  const auto month = scanner->Digits(2);
  if (!month || !scanner->Char('-')) return std::nullopt;
  const auto day = scanner->Digits(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year(*year),
      std::chrono::month(static_cast<unsigned>(*month)),
      std::chrono::day(static_cast<unsigned>(*day))};
  return date.ok() ? std::optional(date) : std::nullopt;
}

// Z, +02, +0200 or +02:00, and then the end.
std::optional<std::chrono::minutes> ScanZone(Scanner* scanner) {
  while (scanner->Char(' ')) {
  }
  if (scanner->Char('Z') || scanner->Char('z')) {
    return scanner->AtEnd() ? std::optional(std::chrono::minutes(0))
                            : std::nullopt;
  }
  const bool west = scanner->Char('-');
  if (!west && !scanner->Char('+')) return std::nullopt;
  const auto hours = scanner->Digits(2);
  if (!hours || *hours > 15) return std::nullopt;
  int minutes = 0;
  if (!scanner->AtEnd()) {
    scanner->Char(':');
    const auto digits = scanner->Digits(2);
    if (!digits || *digits > 59) return std::nullopt;
    minutes = *digits;
  }
  if (!scanner->AtEnd()) return std::nullopt;
  const auto offset =
      std::chrono::hours(*hours) + std::chrono::minutes(minutes);
  return west ? -offset : offset;
}

struct ZonedTime {
  std::chrono::year_month_day date;
  ClockTime time;
  std::chrono::minutes offset;
};

std::optional<ZonedTime> ScanZoned(std::string_view text) {
  // Most values have no zone; these end like one that has.
  text = sql::TrimBlanks(text);
  if (text.size() < 17) return std::nullopt;
  Scanner scanner(text);
  const auto date = ScanDate(&scanner);
  if (!date || !(scanner.Char('T') || scanner.Char('t') || scanner.Char(' '))) {
    return std::nullopt;
  }
  const auto time = ScanTime(&scanner);
  if (!time) return std::nullopt;
  const auto offset = ScanZone(&scanner);
  if (!offset) return std::nullopt;
  return ZonedTime{*date, *time, *offset};
}

std::string FormatDate(const std::chrono::year_month_day& date) {
  char buffer[32];
  std::snprintf(
      buffer, sizeof(buffer), "%04d-%02u-%02u", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return buffer;
}

}  // namespace

std::optional<std::string> ToUtc(std::string_view text) {
  const auto zoned = ScanZoned(text);
  if (!zoned) return std::nullopt;
  const auto point = std::chrono::sys_days(zoned->date) +
                     zoned->time.since_midnight - zoned->offset;
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::hh_mm_ss clock(point - day);
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), " %02d:%02d:%02d",
                static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return FormatDate(std::chrono::year_month_day(day)) + buffer +
         std::string(zoned->time.fraction);
}

std::optional<std::string> DateOfZoned(std::string_view text) {
  const auto zoned = ScanZoned(text);
  if (!zoned) return std::nullopt;
  return FormatDate(zoned->date);
}

std::optional<std::string_view> TimeOfZoned(std::string_view text) {
  text = sql::TrimBlanks(text);
  Scanner scanner(text);
  if (!ScanTime(&scanner)) return std::nullopt;
  const size_t length = text.size() - scanner.rest().size();
  if (!ScanZone(&scanner)) return std::nullopt;
  return text.substr(0, length);
}

}  // namespace regear::mysql

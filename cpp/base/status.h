// Errors as values. A Status says what the caller can still do about a failure
// (its code), what happened (its message) and what an operator may type to
// mend it (its hint).
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace regear {

enum class StatusCode {
  kOk,
  kRetry,      // transient: roll back and try the same again
  kReconnect,  // the connection is gone: open a new one and try again
  kReject,     // the target refuses the data itself, whoever asks
  kPark,       // … because a row that it refers to is missing (foreign key)
  kConflict,   // … because another row has its unique value, or is the same
  kInDoubt,    // a commit whose outcome is unknown: ask the checkpoint
  kStop,       // an operator has to act (unknown table, permission, password)
  kFenced,     // another host has taken over: write nothing more
  kCancelled,  // the caller is shutting down
  kInvalid,    // a malformed argument, message or configuration
};

// Returns the lower-case name of `code`, such as "in doubt".
std::string_view StatusCodeName(StatusCode code);

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message, std::string hint = {})
      : code_(code), message_(std::move(message)), hint_(std::move(hint)) {}

  static Status Ok() { return {}; }

  bool ok() const { return code_ == StatusCode::kOk; }
  // The data are to blame: kReject, kPark or kConflict.
  bool refused() const {
    return code_ == StatusCode::kReject || code_ == StatusCode::kPark ||
           code_ == StatusCode::kConflict;
  }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }

  // The same failure, told from further out: "<action>: <message>".
  Status Annotate(std::string_view action) const;

  // Message and hint in one line, for a person.
  std::string ToString() const;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
  std::string hint_;
};

// Either a T or the Status that tells why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}        // NOLINT: implicit
  Result(Status status) : value_(std::move(status)) {  // NOLINT: implicit
    assert(!this->status().ok());
  }

  bool ok() const { return std::holds_alternative<T>(value_); }
  Status status() const {
    return ok() ? Status::Ok() : std::get<Status>(value_);
  }

  T& operator*() & { return std::get<T>(value_); }
  const T& operator*() const& { return std::get<T>(value_); }
  T&& operator*() && { return std::get<T>(std::move(value_)); }
  T* operator->() { return &std::get<T>(value_); }
  const T* operator->() const { return &std::get<T>(value_); }

 private:
  std::variant<T, Status> value_;
};

}  // namespace regear

// Returns the Status of `expression` to the caller unless it is OK.
#define REGEAR_RETURN_IF_ERROR(expression)                      \
  do {                                                          \
    if (::regear::Status status_ = (expression); !status_.ok()) \
      return status_;                                           \
  } while (false)

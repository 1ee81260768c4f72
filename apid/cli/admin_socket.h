// HTTP to apid over its local socket, which only root may use. What is asked, and how answers are shown, is the
// commands'.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "common/secret.h"

namespace wghub::cli {

/// What wghub ends with.
enum Exit { kDone = 0, kWrongUse = 2, kNotFound = 3, kRefused = 4, kUnreachable = 5 };

/// A closed pipe is the reader's choice: nothing to do about it.
inline void write_to(std::FILE* stream, const std::string& text) {
  static_cast<void>(std::fputs(text.c_str(), stream));
}

struct Answer {
  long status = 0;
  std::string body;
};

class AdminSocket {
 public:
  explicit AdminSocket(std::string path) : path_(std::move(path)) {}

  /// Nothing when nobody answered, which is told on stderr. body: JSON, or empty. A long call may take an hour, others
  /// 15 s.
  enum class Patience { usual, long_call };
  std::optional<Answer> call(const char* method, const std::string& url_path, const Secret& body = Secret(),
                             Patience patience = Patience::usual) const;

 private:
  std::string path_;
};

/// Tells on stderr why apid refused; returns what to end with.
Exit refused(const Answer& answer);

/// A text as one segment of a URL's path.
std::string escaped(const std::string& segment);

}  // namespace wghub::cli

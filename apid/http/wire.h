// HTTP/1.1 as bytes: one request out of what arrived, one answer into what is sent (Boost.Beast). Stricter than Beast:
// what two parsers could read differently is refused (T10). Knows no sockets and no meaning of paths.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/error.h"

namespace wghub::http {

inline constexpr std::size_t kHeadBytes = 8U << 10U;
inline constexpr std::size_t kTargetBytes = 4U << 10U;
inline constexpr std::size_t kBodyBytes = 64U << 10U;

struct Head {
  std::string method;  ///< as sent, e.g. "GET"
  std::string target;
  std::vector<std::pair<std::string, std::string>> fields;  ///< names in lower case
  std::optional<std::uint64_t> length;                      ///< Content-Length
  bool chunked = false;
  bool keep_alive = false;
  bool expects_continue = false;

  /// The first value of the field; empty when absent.
  std::string_view value(std::string_view name) const;
  std::vector<std::string_view> values(std::string_view name) const;
  bool has_body() const { return chunked || length.value_or(0) > 0; }
};

/// Reads one request; a new one for the next.
class RequestReader {
 public:
  enum class Step { need_more, ready, fault };

  RequestReader();
  ~RequestReader();

  /// Both take what they use off the front of `buffer`. First the head, then (whatever has_body says) the body.
  Step read_head(std::string& buffer);
  Step read_body(std::string& buffer);

  const Head& head() const { return head_; }
  std::string take_body();

  /// After a fault: bad_framing, header_too_large, uri_too_long or body_too_large. The connection has to close.
  ErrorCode fault() const { return fault_; }

 private:
  struct Parser;

  Step fail(ErrorCode fault);
  Step check_bytes(const std::string& buffer, std::size_t end);
  Step parse_head(const std::string& block);
  Step check_framing();

  std::unique_ptr<Parser> parser_;
  Head head_;
  ErrorCode fault_ = ErrorCode::bad_framing;
  std::size_t checked_ = 0;  ///< bytes of the buffer that check_bytes has seen
  bool begun_ = false;
};

/// Status line and fields, with the blank line. Control characters in values become '?'.
std::string serialise_head(unsigned status, const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace wghub::http

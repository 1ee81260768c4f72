// What the sessions tell of every answer, for whoever counts them: the row of the route table, never a path, a query or
// a header.
#pragma once

#include <chrono>
#include <string_view>

namespace wghub::http {

/// Everything in it is one of few values, whatever the client sent; it is valid during the call alone.
struct AnsweredRequest {
  std::string_view method;      ///< the row's, GET for a HEAD of it; without a row what was asked, or "other"
  std::string_view route;       ///< the row's pattern; empty: no row, a file or an error of the transport
  unsigned status = 0;          ///< HTTP
  std::string_view error_code;  ///< X-Error-Code; empty: no error
  std::chrono::steady_clock::duration duration{};  ///< from the end of the head until the answer is ready to be sent
};

class RequestMeter {
 public:
  virtual ~RequestMeter() = default;
  /// Any thread, the I/O thread too; must not block.
  virtual void count(const AnsweredRequest& request) = 0;
};

}  // namespace wghub::http

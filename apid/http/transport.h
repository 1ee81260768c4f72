// One connection as a stream of bytes that is never waited for: TLS over TCP, or a plain AF_UNIX socket. Private to
// this folder (Asio). OpenSSL works on the socket itself, without Asio's buffers: a waiting connection costs a few KiB.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "apid/http/tls.h"
#include "common/descriptor.h"

struct ssl_st;  // OpenSSL's SSL

namespace wghub::http {

/// Callbacks run on the I/O thread, never inside the call that they belong to; false means the connection is over.
/// They keep their owner alive; a closed transport calls none that was waiting.
class Transport {
 public:
  using Done = std::function<void(bool good)>;

  /// tls empty: plain.
  Transport(boost::asio::io_context& io, Descriptor socket, TlsContext tls);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  void handshake(Done done);

  /// Appends what arrived, at least one byte and at most 16 KiB.
  void read(std::string& into, Done done);

  /// All of it; `data` stays valid until done.
  void write(std::string_view data, Done done);

  /// Says goodbye (close_notify, FIN) and leaves reading open, so that an answer is not lost to a reset.
  void finish();

  void close();
  bool is_open() const { return socket_.is_open(); }

 private:
  enum class Outcome { done, wait_read, wait_write, over };
  using Step = std::function<Outcome()>;

  void drive(Step step, Done done);
  Outcome outcome_of(int result);
  Outcome shake_hands();
  Outcome read_some(std::string& into);
  Outcome write_some(std::string_view& left);

  boost::asio::posix::stream_descriptor socket_;
  TlsContext context_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> tls_;
  bool broken_ = false;  ///< OpenSSL gave up: nothing more may be read, written or said
};

}  // namespace wghub::http

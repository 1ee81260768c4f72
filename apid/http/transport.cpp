#include "apid/http/transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>

namespace wghub::http {
namespace {

using Socket = boost::asio::posix::stream_descriptor;

constexpr std::size_t kReadBytes = 16U << 10U;  // the largest TLS record

}  // namespace

Transport::Transport(boost::asio::io_context& io, Descriptor socket, TlsContext tls)
    : socket_(io, socket.release()), context_(std::move(tls)), tls_(nullptr, SSL_free) {}

Transport::~Transport() = default;

// Tries the step; when it has to wait, waits for the socket and tries again.
void Transport::drive(Step step, Done done) {
  if (!socket_.is_open()) return;
  const auto outcome = broken_ ? Outcome::over : step();
  if (outcome == Outcome::done || outcome == Outcome::over) {
    boost::asio::post(socket_.get_executor(),
                      [done = std::move(done), good = outcome == Outcome::done] { done(good); });
    return;
  }
  const auto direction = outcome == Outcome::wait_read ? Socket::wait_read : Socket::wait_write;
  socket_.async_wait(direction,
                     [this, step = std::move(step), done = std::move(done)](const boost::system::error_code& error) {
                       if (!error) drive(step, done);
                     });
}

Transport::Outcome Transport::outcome_of(int result) {
  if (result > 0) return Outcome::done;
  const int reason = SSL_get_error(tls_.get(), result);
  ERR_clear_error();
  if (reason == SSL_ERROR_WANT_READ) return Outcome::wait_read;
  if (reason == SSL_ERROR_WANT_WRITE) return Outcome::wait_write;
  broken_ = reason == SSL_ERROR_SSL || reason == SSL_ERROR_SYSCALL;
  return Outcome::over;
}

void Transport::handshake(Done done) {
  if (!context_) {
    boost::asio::post(socket_.get_executor(), [done = std::move(done)] { done(true); });
    return;
  }
  // OpenSSL's state is made when the first byte is there: silent connections cost next to nothing.
  socket_.async_wait(Socket::wait_read, [this, done = std::move(done)](const boost::system::error_code& error) {
    if (error) return;
    tls_.reset(SSL_new(context_.get()));
    context_.reset();
    if (!tls_ || SSL_set_fd(tls_.get(), socket_.native_handle()) != 1) return done(false);
    SSL_set_accept_state(tls_.get());
    drive([this] { return shake_hands(); }, done);
  });
}

// Errors of other connections on this thread must not be taken for ours: the queue is cleared after each call.
Transport::Outcome Transport::shake_hands() { return outcome_of(SSL_do_handshake(tls_.get())); }

Transport::Outcome Transport::read_some(std::string& into) {
  std::array<char, kReadBytes> buffer;
  std::size_t count = 0;
  if (tls_) {
    const auto outcome = outcome_of(SSL_read_ex(tls_.get(), buffer.data(), buffer.size(), &count));
    if (outcome != Outcome::done) return outcome;
  } else {
    const auto received = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return Outcome::wait_read;
    if (received <= 0) return Outcome::over;
    count = static_cast<std::size_t>(received);
  }
  into.append(buffer.data(), count);
  return Outcome::done;
}

void Transport::read(std::string& into, Done done) {
  Step step = [this, &into] { return read_some(into); };
  if (tls_ && SSL_has_pending(tls_.get()) == 1) return drive(std::move(step), std::move(done));
  socket_.async_wait(Socket::wait_read,
                     [this, step = std::move(step), done = std::move(done)](const boost::system::error_code& error) {
                       if (error) return;
                       const auto outcome = broken_ ? Outcome::over : step();
                       if (outcome == Outcome::done || outcome == Outcome::over) return done(outcome == Outcome::done);
                       drive(step, done);
                     });
}

Transport::Outcome Transport::write_some(std::string_view& left) {
  while (!left.empty()) {
    std::size_t count = 0;
    if (tls_) {
      const auto outcome = outcome_of(SSL_write_ex(tls_.get(), left.data(), left.size(), &count));
      if (outcome != Outcome::done) return outcome;
    } else {
      const auto sent = ::send(socket_.native_handle(), left.data(), left.size(), MSG_NOSIGNAL);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return Outcome::wait_write;
      if (sent < 0) return Outcome::over;
      count = static_cast<std::size_t>(sent);
    }
    left.remove_prefix(count);
  }
  return Outcome::done;
}

void Transport::write(std::string_view data, Done done) {
  drive([this, left = data]() mutable { return write_some(left); }, std::move(done));
}

void Transport::finish() {
  if (!socket_.is_open()) return;
  if (tls_ && !broken_ && SSL_is_init_finished(tls_.get()) == 1) {
    SSL_shutdown(tls_.get());
    ERR_clear_error();
  }
  ::shutdown(socket_.native_handle(), SHUT_WR);
}

void Transport::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace wghub::http

// A client that sends exactly the bytes it is told to: over TLS, or over an AF_UNIX socket.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include "common/descriptor.h"

namespace wghub::http {

class RawClient {
 public:
  /// TLS to 127.0.0.1. Throws when the handshake fails.
  explicit RawClient(std::uint16_t port, int highest_version = TLS1_3_VERSION) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    open(AF_INET, reinterpret_cast<const sockaddr*>(&name), sizeof name);
    context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_max_proto_version(context_.get(), highest_version);
    tls_.reset(SSL_new(context_.get()));
    SSL_set_fd(tls_.get(), socket_.get());
    if (SSL_connect(tls_.get()) != 1) throw std::runtime_error("handshake failed");
  }

  explicit RawClient(const std::string& path) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::strncpy(name.sun_path, path.c_str(), sizeof name.sun_path - 1);
    open(AF_UNIX, reinterpret_cast<const sockaddr*>(&name), sizeof name);
  }

  /// False when the connection is gone.
  bool send(const std::string& text) {
    if (tls_) return SSL_write(tls_.get(), text.data(), static_cast<int>(text.size())) > 0;
    return ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }

  /// Everything until the other side ends or is silent for 8 s.
  std::string read_all() {
    while (read_some()) {
    }
    return std::move(received_);
  }

  /// One answer with Content-Length; what follows it is kept for the next call. Empty when there is none.
  std::string read_answer(bool has_body = true) {
    std::size_t end = std::string::npos;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos)
      if (!read_some()) return {};
    end += 4;
    const auto place = received_.find("Content-Length: ");
    if (has_body && place < end) end += std::stoul(received_.substr(place + 16));
    while (received_.size() < end)
      if (!read_some()) return {};
    auto answer = received_.substr(0, end);
    received_.erase(0, end);
    return answer;
  }

  bool read_until(const std::string& text) {
    while (received_.find(text) == std::string::npos)
      if (!read_some()) return false;
    return true;
  }

  std::string ask(const std::string& text) { return send(text) ? read_answer() : std::string{}; }

 private:
  void open(int family, const sockaddr* name, socklen_t size) {
    socket_ = Descriptor(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{8, 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (::connect(socket_.get(), name, size) != 0) throw std::runtime_error("cannot connect");
  }

  bool read_some() {
    std::array<char, 16384> buffer{};
    const auto count = tls_ ? static_cast<ssize_t>(SSL_read(tls_.get(), buffer.data(), buffer.size()))
                            : ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) return false;
    received_.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
  }

  Descriptor socket_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_{nullptr, SSL_CTX_free};
  std::unique_ptr<SSL, void (*)(SSL*)> tls_{nullptr, SSL_free};
  std::string received_;
};

}  // namespace wghub::http

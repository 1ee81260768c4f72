// The HTTPS listener and the admin socket: TLS, framing, deadlines, worker threads. What a path means is the router's.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apid/http/certificate.h"
#include "apid/http/event_stream.h"
#include "apid/http/request_meter.h"
#include "apid/http/router.h"
#include "common/address.h"

namespace wghub::http {

/// One deadline per phase of a connection (design §7).
struct Deadlines {
  std::chrono::seconds handshake{5};
  std::chrono::seconds header{10};
  std::chrono::seconds body{20};
  std::chrono::seconds write{20};
  std::chrono::seconds idle{30};
};

struct ServerOptions {
  std::string listen_address = "127.0.0.1";
  std::uint16_t port = 3000;
  int handed_over_socket = -1;  ///< a listening TCP socket from systemd; then address and port do not count
  std::string admin_socket;     ///< path; empty: none
  CertificateFiles certificate;
  bool self_made_certificate = true;  ///< then no HSTS
  bool allow_tls12 = false;
  std::string cors_origin;  ///< empty: no CORS headers
  std::vector<std::string>
      allowed_hosts;  ///< lower case, without port; addresses of the machine are added by the server
  std::vector<Network> trusted_proxies;
  std::string static_directory;  ///< the dashboard's files; may be missing
  Deadlines deadlines;
  std::size_t write_threads = 64;
  std::size_t read_threads = 8;
  std::size_t connections_per_address = 512;
};

/// Serves until stop(); everything runs on threads of its own.
class Server {
 public:
  Server(ServerOptions options, const Router& router, EventBroadcaster& events, RequestMeter& meter);
  ~Server();

  /// Binds and serves. Throws std::runtime_error when an address or file cannot be used.
  void start();

  /// The port bound (tests listen on 0).
  std::uint16_t port() const;

  /// Reads certificate and key anew for further connections; the old ones stay when the new are bad (logged).
  void reload_certificate();

  /// Whether the thread that serves has answered since the last call, and asks it again; true at the first.
  bool is_alive();

  /// The Host allow-list's names beside the fixed ones, e.g. the hub endpoint's host when it changes.
  void allow_host(const std::string& host);

  /// Takes no more connections, lets accepted requests finish for at most the given time, then ends.
  void stop(std::chrono::seconds grace);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wghub::http

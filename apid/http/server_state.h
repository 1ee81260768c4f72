// What all sessions of one server share. Private to server and session (Asio).
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>

#include "apid/http/admission.h"
#include "apid/http/connection_table.h"
#include "apid/http/request_meter.h"
#include "apid/http/server.h"
#include "apid/http/static_files.h"
#include "apid/http/tls.h"
#include "apid/http/worker_pool.h"

namespace wghub::http {

/// Requests that may wait for a thread of one lane; above that 503. Connections are the real bound.
inline constexpr std::size_t kQueueLimit = 1024;

/// The order of members is the reverse order of their end: first threads, then what waits in the loop, then the rest.
struct ServerState {
  ServerState(ServerOptions server_options, const Router& server_router, EventBroadcaster& broadcaster,
              RequestMeter& request_meter)
      : options(std::move(server_options)),
        router(server_router),
        events(broadcaster),
        meter(request_meter),
        hosts(options.allowed_hosts),
        files(options.static_directory),
        rules{router, hosts, files, options.trusted_proxies, options.cors_origin},
        connections(options.connections_per_address),
        io(1),
        write_lane(options.write_threads, kQueueLimit),
        read_lane(options.read_threads, kQueueLimit) {}

  ServerOptions options;
  const Router& router;
  EventBroadcaster& events;
  RequestMeter& meter;
  AllowedHosts hosts;
  StaticFiles files;
  AdmissionRules rules;
  TlsContext tls;  ///< for further connections; I/O thread
  ConnectionTable connections;
  std::atomic<bool> draining{false};
  boost::asio::io_context io;
  WorkerPool write_lane;
  WorkerPool read_lane;
};

}  // namespace wghub::http

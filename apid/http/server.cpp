#include "apid/http/server.h"

#include <sodium.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <stdexcept>
#include <thread>

#include "apid/http/client_address.h"
#include "apid/http/session.h"
#include "apid/http/sockets.h"
#include "common/log.h"
#include "common/unix_socket.h"

namespace wghub::http {
namespace {

using Clock = std::chrono::steady_clock;
using Listener = boost::asio::posix::stream_descriptor;

constexpr std::chrono::milliseconds kPause{100};  // after an accept for which there was no descriptor
constexpr std::chrono::milliseconds kDrainLook{20};
constexpr std::chrono::seconds kWarnAgain{60};
constexpr int kAcceptsAtOnce = 32;

// Descriptors that connections may use; the rest is for the database, the helper and logs.
std::size_t capacity() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 16384;
  const auto all = static_cast<std::size_t>(limit.rlim_cur);
  return std::min<std::size_t>(all > 512 ? all - 128 : all * 3 / 4, 16384);
}

// A warning that a flood would repeat.
class RareWarning {
 public:
  void say(const char* message, log::Fields fields) {
    const auto now = Clock::now();
    if (last_ && now - *last_ < kWarnAgain) return;
    last_ = now;
    log::warning(message, fields);
  }

 private:
  std::optional<Clock::time_point> last_;
};

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, const Router& router, EventBroadcaster& events, RequestMeter& meter)
      : state(std::move(options), router, events, meter), work(state.io.get_executor()), drain_look(state.io) {}

  struct Entrance {
    Entrance(boost::asio::io_context& io, Descriptor socket, Door kind)
        : listener(io, socket.release()), pause(io), door(kind) {}
    Listener listener;
    boost::asio::steady_timer pause;
    Door door;
  };

  void open();
  void accept_on(Entrance& door);
  bool accept_some(Entrance& door, int at_most);
  void take(Entrance& door, Accepted accepted);
  void begin_drain(Clock::time_point until);
  void look_at_drain(Clock::time_point until);

  ServerState state;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  boost::asio::steady_timer drain_look;
  std::vector<std::unique_ptr<Entrance>> doors;
  RareWarning exhausted;
  RareWarning crowded;
  RareWarning strangers;
  std::thread thread;
  std::atomic<bool> answered{true};  ///< the watchdog's last question
  std::uint16_t port = 0;
};

void Server::Impl::open() {
  auto& options = state.options;
  state.tls = make_tls_context(options.certificate, options.allow_tls12);
  auto network = options.handed_over_socket >= 0 ? adopt_listener(options.handed_over_socket)
                                                 : listen_on(options.listen_address, options.port);
  options.handed_over_socket = -1;
  port = bound_port(network.get());
  doors.push_back(std::make_unique<Entrance>(state.io, std::move(network), Door::network));
  if (!options.admin_socket.empty())
    doors.push_back(std::make_unique<Entrance>(state.io, listen_on_path(options.admin_socket), Door::admin_socket));
  for (auto& door : doors) accept_on(*door);
}

void Server::Impl::accept_on(Entrance& door) {
  door.listener.async_wait(Listener::wait_read, [this, &door](const boost::system::error_code& error) {
    if (error) return;
    if (accept_some(door, kAcceptsAtOnce)) return accept_on(door);
    door.pause.expires_after(kPause);
    door.pause.async_wait([this, &door](const boost::system::error_code& cancelled) {
      if (!cancelled && door.listener.is_open()) accept_on(door);
    });
  });
}

// False when there is neither a descriptor nor a waiting connection that could give one up.
bool Server::Impl::accept_some(Entrance& door, int at_most) {
  for (int i = 0; i < at_most; ++i) {
    auto accepted = accept_from(door.listener.native_handle());
    if (accepted.outcome == AcceptOutcome::nothing) return true;
    if (accepted.outcome == AcceptOutcome::connection) {
      take(door, std::move(accepted));
      continue;
    }
    exhausted.say("Out of file descriptors; connections that wait longest are closed",
                  {{"connections", static_cast<std::int64_t>(state.connections.size())}});
    if (!state.connections.abort_longest_waiting()) return false;
  }
  return true;
}

void Server::Impl::take(Entrance& door, Accepted accepted) {
  if (door.door == Door::admin_socket) {
    const auto peer = peer_of(accepted.socket.get());
    if (!peer || peer->uid != 0) {
      strangers.say("Refused on the admin socket: not root", {{"uid", std::int64_t{peer ? peer->uid : 0}}});
      return;
    }
  } else if (!state.connections.has_room(counting_prefix(accepted.peer)) &&
             !std::any_of(state.options.trusted_proxies.begin(), state.options.trusted_proxies.end(),
                          [&](const Network& proxy) { return contains(proxy, accepted.peer); })) {
    crowded.say("Too many connections from one address", {{"client", to_string(accepted.peer)}});
    return;
  }
  if (state.connections.size() >= capacity() && !state.connections.abort_longest_waiting()) return;
  std::make_shared<Session>(state, std::move(accepted.socket), door.door, accepted.peer)->start();
}

void Server::Impl::begin_drain(Clock::time_point until) {
  state.draining = true;
  for (auto& door : doors) {
    // Who is in the queue already has been told that there is somebody here.
    accept_some(*door, 1 << 16);
    boost::system::error_code ignored;
    door->pause.cancel();
    door->listener.close(ignored);
  }
  state.connections.drain_all();
  look_at_drain(until);
}

void Server::Impl::look_at_drain(Clock::time_point until) {
  if (state.connections.size() == 0 || Clock::now() >= until) {
    if (state.connections.size() > 0)
      log::warning("Connections are cut at the end of the grace period",
                   {{"connections", static_cast<std::int64_t>(state.connections.size())}});
    state.connections.abort_all();
    work.reset();
    state.io.stop();
    return;
  }
  drain_look.expires_after(kDrainLook);
  drain_look.async_wait([this, until](const boost::system::error_code& error) {
    if (!error) look_at_drain(until);
  });
}

Server::Server(ServerOptions options, const Router& router, EventBroadcaster& events, RequestMeter& meter) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot start");
  impl_ = std::make_unique<Impl>(std::move(options), router, events, meter);
}

Server::~Server() { stop(std::chrono::seconds{0}); }

void Server::start() {
  impl_->open();
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  // Signals are the main thread's; SIGPIPE, which a lost connection raises in this one, is never taken.
  pthread_sigmask(SIG_SETMASK, &all, &before);
  impl_->thread = std::thread([impl = impl_.get()] {
    while (!impl->state.io.stopped()) {
      try {
        impl->state.io.run();
      } catch (const std::exception& fault) {
        log::error("A connection failed unexpectedly", {{"fault", fault.what()}});
      }
    }
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

std::uint16_t Server::port() const { return impl_->port; }

void Server::reload_certificate() {
  try {
    auto fresh = make_tls_context(impl_->state.options.certificate, impl_->state.options.allow_tls12);
    boost::asio::post(impl_->state.io, [this, fresh] { impl_->state.tls = fresh; });
    log::info("The certificate was read anew");
  } catch (const std::runtime_error& fault) {
    log::error("The new certificate cannot be used; the old one stays", {{"fault", fault.what()}});
  }
}

bool Server::is_alive() {
  const bool answered = impl_->answered.exchange(false);
  if (answered) boost::asio::post(impl_->state.io, [this] { impl_->answered = true; });
  return answered;
}

void Server::allow_host(const std::string& host) { impl_->state.hosts.add(host); }

void Server::stop(std::chrono::seconds grace) {
  if (!impl_->thread.joinable()) return;
  const auto until = Clock::now() + grace;
  boost::asio::post(impl_->state.io, [this, until] { impl_->begin_drain(until); });
  impl_->thread.join();
  impl_->state.write_lane.stop();
  impl_->state.read_lane.stop();
  if (!impl_->state.options.admin_socket.empty()) ::unlink(impl_->state.options.admin_socket.c_str());
}

}  // namespace wghub::http

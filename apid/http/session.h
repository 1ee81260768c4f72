// One connection from its handshake to its end: requests one after the other, each with a deadline a phase.
// Private to server and session (Asio). Bytes are transport's and wire's, decisions admission's and the router's.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "apid/http/server_state.h"
#include "apid/http/stream_queue.h"
#include "apid/http/transport.h"

namespace wghub::http {

/// Lives as long as one of its waits does. All on the I/O thread but run_handler and open_stream, which a worker runs
/// while nothing else touches what they use (Phase::handling).
class Session final : public Connection, public std::enable_shared_from_this<Session> {
 public:
  /// peer: none on the admin socket.
  Session(ServerState& state, Descriptor socket, Door door, const Address& peer);
  ~Session() override;

  void start();
  void abort() override { close(); }
  void drain() override;

 private:
  enum class Phase { handshake, first_head, idle, head, body, handling, writing, streaming, lingering, closed };
  using Then = void (Session::*)();

  Transport::Done then(Then next);
  void enter(Phase phase);
  void set_deadline(std::chrono::milliseconds time);
  void on_deadline();
  std::chrono::milliseconds patience(Phase phase) const;

  void next_request();
  void read_more(Then next);
  void on_head_bytes();
  void on_head();
  void read_body();
  void run_handler();
  void dispatch();
  void answer(const Response& response, bool close);
  void note(const Response& response);
  void send();
  void on_sent();
  void finish();
  void discard();
  void close();

  bool open_stream(const EventSubscription& wish);
  void start_stream();
  void pump_stream();
  void ping_stream();
  void watch_client();

  ServerState& state_;
  Transport transport_;
  const Door door_;
  const Address peer_;
  boost::asio::steady_timer deadline_;
  Phase phase_ = Phase::handshake;

  std::string input_;
  std::optional<RequestReader> reader_;
  Admission admission_;
  std::chrono::steady_clock::time_point started_;  ///< the request: its head's first bytes, then the end of its head
  std::string output_;
  bool close_after_ = false;
  std::size_t discarded_ = 0;

  boost::asio::steady_timer ping_;
  std::shared_ptr<StreamQueue> stream_;
  std::unique_ptr<EventBroadcaster::Subscription> subscription_;
  bool stream_writing_ = false;
  bool stream_ends_ = false;
};

}  // namespace wghub::http

#include "apid/http/session.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "apid/http/access_log.h"
#include "apid/http/answer.h"
#include "apid/http/client_address.h"
#include "apid/http/method.h"

namespace wghub::http {
namespace {

constexpr std::chrono::seconds kLinger{2};
constexpr std::chrono::seconds kIdleWhenDraining{1};
constexpr std::size_t kDiscardBytes = 1U << 20U;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view known_method(std::string_view text) {
  const auto method = method_of(text);
  return method ? name_of(*method) : "other";
}

std::string_view header_of(const Response& response, std::string_view name) {
  for (const auto& [header, value] : response.headers)
    if (header == name) return value;
  return "";
}

}  // namespace

Session::Session(ServerState& state, Descriptor socket, Door door, const Address& peer)
    : state_(state),
      transport_(state.io, std::move(socket), door == Door::network ? state.tls : nullptr),
      door_(door),
      peer_(peer),
      deadline_(state.io),
      ping_(state.io) {}

Session::~Session() { state_.connections.remove(*this); }

void Session::start() {
  state_.connections.add(*this, counting_prefix(peer_));
  enter(Phase::handshake);
  transport_.handshake(then(&Session::next_request));
}

// A callback that goes on with the next member function, or closes.
Transport::Done Session::then(Then next) {
  return [self = shared_from_this(), next](bool good) {
    if (self->phase_ == Phase::closed) return;
    if (good)
      (self.get()->*next)();
    else
      self->close();
  };
}

std::chrono::milliseconds Session::patience(Phase phase) const {
  const auto& deadlines = state_.options.deadlines;
  switch (phase) {
    case Phase::handshake:
      return deadlines.handshake;
    case Phase::idle:
      return state_.draining ? std::min(deadlines.idle, kIdleWhenDraining) : deadlines.idle;
    case Phase::first_head:
      return state_.draining ? std::min(deadlines.header, kIdleWhenDraining) : deadlines.header;
    case Phase::head:
      return deadlines.header;
    case Phase::body:
      return deadlines.body;
    case Phase::writing:
      return deadlines.write;
    case Phase::lingering:
      return kLinger;
    case Phase::handling:
    case Phase::streaming:
    case Phase::closed:
      return {};
  }
  return {};
}

void Session::enter(Phase phase) {
  phase_ = phase;
  if (phase == Phase::head) started_ = std::chrono::steady_clock::now();
  const auto time = patience(phase);
  if (time.count() == 0) {
    deadline_.cancel();
    state_.connections.busy(*this);
    return;
  }
  state_.connections.waits(*this);
  set_deadline(time);
}

void Session::set_deadline(std::chrono::milliseconds time) {
  deadline_.expires_after(time);
  deadline_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    // A wait that had ended before it was cancelled comes here without an error.
    if (error || !self || self->deadline_.expiry() > std::chrono::steady_clock::now()) return;
    self->on_deadline();
  });
}

void Session::on_deadline() {
  const bool head_begun = phase_ == Phase::head && !input_.empty();
  if (head_begun)
    admission_ = admit_unreadable(peer_, ErrorCode::request_timeout);
  else if (phase_ == Phase::body)
    admission_.answer = refuse(admission_, ErrorCode::request_timeout);
  if (head_begun || phase_ == Phase::body)
    answer(*admission_.answer, true);
  else if (phase_ != Phase::handling)
    close();
}

void Session::next_request() {
  const bool first = phase_ == Phase::handshake;
  reader_.emplace();
  admission_ = {};
  if (!input_.empty()) {
    // Pipelined: taken up from the loop, so that a row of them does not nest.
    enter(Phase::head);
    boost::asio::post(state_.io, [go = then(&Session::on_head_bytes)] { go(true); });
    return;
  }
  enter(first ? Phase::first_head : Phase::idle);
  read_more(&Session::on_head_bytes);
}

void Session::read_more(Then next) { transport_.read(input_, then(next)); }

void Session::on_head_bytes() {
  if (phase_ == Phase::idle || phase_ == Phase::first_head) enter(Phase::head);
  if (phase_ != Phase::head) return;
  switch (reader_->read_head(input_)) {
    case RequestReader::Step::need_more:
      return read_more(&Session::on_head_bytes);
    case RequestReader::Step::fault:
      admission_ = admit_unreadable(peer_, reader_->fault());
      return answer(*admission_.answer, true);
    case RequestReader::Step::ready:
      return on_head();
  }
}

void Session::on_head() {
  started_ = std::chrono::steady_clock::now();
  const auto& head = reader_->head();
  admission_ = admit(head, peer_, door_, state_.rules);
  close_after_ = !head.keep_alive;
  if (admission_.answer) return answer(*admission_.answer, admission_.close);
  if (!head.has_body()) return dispatch();
  enter(Phase::body);
  if (head.expects_continue && input_.empty())
    transport_.write(kContinue, then(&Session::read_body));
  else
    read_body();
}

void Session::read_body() {
  if (phase_ != Phase::body) return;
  switch (reader_->read_body(input_)) {
    case RequestReader::Step::need_more:
      return read_more(&Session::read_body);
    case RequestReader::Step::fault:
      return answer(refuse(admission_, reader_->fault()), true);
    case RequestReader::Step::ready:
      admission_.request.body = reader_->take_body();
      return dispatch();
  }
}

void Session::dispatch() {
  enter(Phase::handling);
  auto& lane = admission_.route->lane == Lane::write ? state_.write_lane : state_.read_lane;
  // The worker hands the session back before it lets go: the last owner is always on the I/O thread.
  const bool queued = lane.submit([self = shared_from_this()]() mutable {
    self->run_handler();
    auto& io = self->state_.io;
    boost::asio::post(io, [back = std::move(self)] { back->send(); });
  });
  if (!queued)
    answer(refuse(admission_, Error{ErrorCode::database_busy, "The hub has too many requests waiting."}), false);
}

void Session::run_handler() {
  auto response = state_.router.handle(*admission_.route, admission_.request, admission_.credentials);
  if (response.events && admission_.request.method == Method::get && !open_stream(*response.events))
    response = refuse(admission_, Error{ErrorCode::rate_limited, "Too many event streams are open."});
  const auto& options = state_.options;
  close_after_ = close_after_ || admission_.close || response.events || state_.draining;
  output_ = write_answer(response, admission_.request,
                         {close_after_, !options.self_made_certificate, options.cors_origin, admission_.from_origin});
  note(response);
}

// An answer that needed no worker.
void Session::answer(const Response& response, bool close) {
  const auto& options = state_.options;
  close_after_ = close_after_ || close || state_.draining;
  output_ = write_answer(response, admission_.request,
                         {close_after_, !options.self_made_certificate, options.cors_origin, admission_.from_origin});
  note(response);
  send();
}

void Session::note(const Response& response) {
  const auto duration = std::chrono::steady_clock::now() - started_;
  const auto& method = reader_->head().method;
  log_access(admission_.request, method, response.status,
             std::chrono::duration_cast<std::chrono::microseconds>(duration));
  const auto* route = admission_.route;
  state_.meter.count({route != nullptr ? name_of(route->method) : known_method(method),
                      route != nullptr ? std::string_view(route->pattern) : std::string_view(), response.status,
                      header_of(response, "X-Error-Code"), duration});
}

void Session::send() {
  if (phase_ == Phase::closed) return;
  enter(Phase::writing);
  transport_.write(output_, then(&Session::on_sent));
}

void Session::on_sent() {
  if (phase_ != Phase::writing) return;
  output_.clear();
  if (stream_) return start_stream();
  if (close_after_) return finish();
  next_request();
}

void Session::finish() {
  subscription_.reset();
  ping_.cancel();
  transport_.finish();
  enter(Phase::lingering);
  discard();
}

// Closing with unread bytes would reset the connection and might take our answer with it.
void Session::discard() {
  discarded_ += input_.size();
  input_.clear();
  if (discarded_ > kDiscardBytes) return close();
  read_more(&Session::discard);
}

void Session::drain() {
  if (phase_ == Phase::streaming) return finish();
  // A request may be on its way already; it gets an answer, with Connection: close.
  if (phase_ == Phase::idle || phase_ == Phase::first_head || phase_ == Phase::handshake)
    set_deadline(kIdleWhenDraining);
}

void Session::close() {
  // A worker may be making a subscription just now; then it goes with the session.
  if (phase_ != Phase::handling) subscription_.reset();
  phase_ = Phase::closed;
  deadline_.cancel();
  ping_.cancel();
  transport_.close();
  state_.connections.remove(*this);
}

}  // namespace wghub::http

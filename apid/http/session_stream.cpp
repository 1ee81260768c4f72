// The part of a session that sends server-sent events: what the broadcaster pushes, and a comment every 15 s.
#include <boost/asio/post.hpp>

#include "apid/http/session.h"

namespace wghub::http {
namespace {

constexpr std::chrono::seconds kPing{15};
constexpr auto kComment = ": the hub is here\n\n";

}  // namespace

// On a worker thread. False when the credential has too many streams.
bool Session::open_stream(const EventSubscription& wish) {
  auto wake = [weak = weak_from_this(), &io = state_.io] {
    boost::asio::post(io, [weak] {
      if (const auto self = weak.lock()) self->pump_stream();
    });
  };
  auto queue = std::make_shared<StreamQueue>(std::move(wake));
  subscription_ =
      state_.events.subscribe(wish, [queue](const std::string& frame, bool last) { queue->push(frame, last); });
  if (!subscription_) return false;
  stream_ = std::move(queue);
  return true;
}

void Session::start_stream() {
  if (state_.draining) return finish();
  enter(Phase::streaming);
  output_ = kComment;
  stream_->open();
  pump_stream();
  ping_stream();
  watch_client();
}

void Session::pump_stream() {
  if (phase_ != Phase::streaming || stream_writing_) return;
  auto batch = stream_->take();
  if (batch.overflowed) return close();
  stream_ends_ = stream_ends_ || batch.last;
  output_ += batch.text;
  if (output_.empty()) {
    deadline_.cancel();
    if (stream_ends_) finish();
    return;
  }
  stream_writing_ = true;
  set_deadline(state_.options.deadlines.write);
  transport_.write(output_, [self = shared_from_this()](bool good) {
    self->stream_writing_ = false;
    self->output_.clear();
    if (!good) return self->close();
    self->pump_stream();
  });
}

void Session::ping_stream() {
  ping_.expires_after(kPing);
  ping_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->phase_ != Phase::streaming) return;
    // While something is being written the reader sees that the stream lives.
    if (!self->stream_writing_) self->output_ = kComment;
    self->pump_stream();
    self->ping_stream();
  });
}

// A reader of events has nothing more to say; what it sends is thrown away until it hangs up.
void Session::watch_client() {
  if (phase_ != Phase::streaming) return;
  discarded_ += input_.size();
  input_.clear();
  if (discarded_ > kStreamBytes) return close();
  read_more(&Session::watch_client);
}

}  // namespace wghub::http

#include "apid/http/event_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <list>
#include <mutex>

#include "apid/http/json.h"
#include "apid/http/message.h"

namespace wghub::http {
namespace {

constexpr std::size_t kRemembered = 1000;

struct Listener {
  std::string credential_id;
  EventBroadcaster::Receiver receiver;
  bool live = false;
};

std::string frame(std::uint64_t id, std::string_view type, std::string_view at, std::string_view data) {
  return fmt::format("id: {0}\nevent: {1}\ndata: {{\"type\":\"{1}\",\"at\":\"{2}\",\"id\":{0}{3}{4}}}\n\n", id, type,
                     at, data.empty() ? "" : ",", data);
}

std::string now_text() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return to_timestamp(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

}  // namespace

// Receivers are called with the lock held: that keeps the order of frames, and a subscription that is gone is silent.
struct EventBroadcaster::State {
  explicit State(std::uint64_t first_id) : next_id(first_id) {}

  std::mutex mutex;
  std::uint64_t next_id;
  std::deque<std::string> ring;  ///< the frames of next_id - size … next_id - 1
  std::list<Listener> listeners;
  std::deque<std::string> ended;  ///< the credentials that ended last; none comes back

  void replay(std::uint64_t last_seen, const Receiver& receiver) {
    const auto oldest = next_id - ring.size();
    if (last_seen + 1 < oldest || last_seen >= next_id) {
      // Carries the newest id, so that a further reconnect goes on from here.
      receiver(frame(next_id - 1, "resync", now_text(), ""), false);
      return;
    }
    for (auto id = last_seen + 1; id < next_id; ++id) receiver(ring[id - oldest], false);
  }
};

namespace {

template <class State>
class Held final : public EventBroadcaster::Subscription {
 public:
  Held(std::shared_ptr<State> state, std::list<Listener>::iterator place) : state_(std::move(state)), place_(place) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() override {
    const std::lock_guard lock(state_->mutex);
    state_->listeners.erase(place_);
  }

 private:
  std::shared_ptr<State> state_;
  std::list<Listener>::iterator place_;
};

}  // namespace

EventBroadcaster::EventBroadcaster(std::uint64_t first_id) : state_(std::make_shared<State>(first_id)) {}
EventBroadcaster::~EventBroadcaster() = default;

void EventBroadcaster::publish(std::string_view type, std::string_view at, std::string_view data) {
  const std::lock_guard lock(state_->mutex);
  state_->ring.push_back(frame(state_->next_id++, type, at, data));
  if (state_->ring.size() > kEventRing) state_->ring.pop_front();
  for (const auto& listener : state_->listeners)
    if (listener.receiver) listener.receiver(state_->ring.back(), false);
}

void EventBroadcaster::publish_live(std::string_view type, std::string_view at, std::string_view data) {
  const auto text = fmt::format("event: {0}\ndata: {{\"type\":\"{0}\",\"at\":\"{1}\",{2}}}\n\n", type, at, data);
  const std::lock_guard lock(state_->mutex);
  for (const auto& listener : state_->listeners)
    if (listener.live && listener.receiver) listener.receiver(text, false);
}

std::unique_ptr<EventBroadcaster::Subscription> EventBroadcaster::subscribe(const EventSubscription& wish,
                                                                            Receiver receiver) {
  const std::lock_guard lock(state_->mutex);
  auto& listeners = state_->listeners;
  const auto mine = std::count_if(listeners.begin(), listeners.end(),
                                  [&](const Listener& other) { return other.credential_id == wish.credential_id; });
  if (listeners.size() >= kStreams || static_cast<std::size_t>(mine) >= kStreamsPerCredential) return nullptr;
  const auto& ended = state_->ended;
  if (std::find(ended.begin(), ended.end(), wish.credential_id) != ended.end()) return nullptr;
  if (wish.last_event_id) state_->replay(*wish.last_event_id, receiver);
  listeners.push_back({wish.credential_id, std::move(receiver), wish.live});
  return std::make_unique<Held<State>>(state_, std::prev(listeners.end()));
}

void EventBroadcaster::end(const std::string& credential_id) {
  const std::lock_guard lock(state_->mutex);
  state_->ended.push_back(credential_id);
  if (state_->ended.size() > kRemembered) state_->ended.pop_front();
  for (auto& listener : state_->listeners) {
    if (listener.credential_id != credential_id || !listener.receiver) continue;
    listener.receiver(frame(state_->next_id - 1, "session-ended", now_text(), ""), true);
    listener.receiver = nullptr;  // nothing after the last frame; the entry goes with its subscription
  }
}

std::size_t EventBroadcaster::streams() const {
  const std::lock_guard lock(state_->mutex);
  return state_->listeners.size();
}

}  // namespace wghub::http

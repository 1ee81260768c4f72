// Server-sent events: a ring of the last 1,000 and everybody who listens, and live ones, which no ring keeps. What the
// events say is the service's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace wghub::http {

struct EventSubscription;

inline constexpr std::size_t kEventRing = 1000;
inline constexpr std::size_t kStreamsPerCredential = 2;
inline constexpr std::size_t kStreams = 200;

/// Thread-safe. Ids grow by one from a start that no earlier process can have used.
class EventBroadcaster {
 public:
  /// Called with whole frames ready to write ("id: …\nevent: …\ndata: …\n\n"), from any thread; last is true once,
  /// after which the stream closes. Must not block.
  using Receiver = std::function<void(const std::string& frame, bool last)>;

  /// Keeps the subscription while it lives.
  class Subscription {
   public:
    virtual ~Subscription() = default;
  };

  explicit EventBroadcaster(std::uint64_t first_id);
  ~EventBroadcaster();

  /// data: the object as the API shows it, without `type`, `at`, `id`, which are put in front here.
  /// Shape: data is the inside of a JSON object, e.g. `"spoke":{…}`, without the outer braces; at is a timestamp.
  void publish(std::string_view type, std::string_view at, std::string_view data);

  /// For those who asked for live ones. Without an id, and never replayed: the next one says what counts.
  void publish_live(std::string_view type, std::string_view at, std::string_view data);

  /// Nothing when the credential has two streams or there are 200 (429), or when it has just ended. A Last-Event-ID
  /// within the ring replays what followed; any other sends `resync` first.
  std::unique_ptr<Subscription> subscribe(const EventSubscription& wish, Receiver receiver);

  /// Sends `session-ended` to the credential's streams and closes them. One whose request was admitted a moment before
  /// is refused when it subscribes.
  void end(const std::string& credential_id);

  /// How many are open.
  std::size_t streams() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace wghub::http

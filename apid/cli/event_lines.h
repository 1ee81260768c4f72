// Takes a stream of server-sent events apart. Leaves what they say, and where they come from, to others.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace wghub::cli {

struct StreamEvent {
  std::string id;
  std::string type;
  std::string data;
};

class EventLines {
 public:
  /// False when no more is wanted.
  using Receiver = std::function<bool(const StreamEvent&)>;

  /// Calls for every event that this piece completes, comments left out. False when the receiver said so, or when an
  /// event is over 1 MiB.
  bool feed(std::string_view piece, const Receiver& receive);

 private:
  std::string waiting_;
};

}  // namespace wghub::cli

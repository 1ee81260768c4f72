// wghub events: what happens at the hub, as it happens.
#include "apid/cli/event_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>

#include "apid/cli/event_lines.h"

namespace wghub::cli {
namespace {

constexpr std::chrono::seconds kFirstPause{1};
constexpr std::chrono::seconds kLongestPause{30};

// One line for each event, and where to go on after a break.
class Follower {
 public:
  explicit Follower(std::int64_t count) : left_(count) {}

  bool take(const StreamEvent& event) {
    last_id_ = event.id;
    if (event.type == "session-ended") return !(ended_ = true);
    if (!write_to(stdout, event.data + "\n") || std::fflush(stdout) != 0) {
      if (errno == EPIPE) std::clearerr(stdout);  // who reads has seen enough
      return false;
    }
    return left_ == 0 || --left_ > 0;
  }

  const std::string& last_id() const { return last_id_; }
  bool has_ended() const { return ended_; }

 private:
  std::int64_t left_;  // 0: no end
  std::string last_id_;
  bool ended_ = false;
};

bool is_passing(const Answer& answer) { return answer.status == 429 || answer.status == 503; }

}  // namespace

Exit follow_events(const Task& task) {
  Follower follower(task.given.number("--count"));
  auto pause = kFirstPause;
  bool followed = false;
  while (true) {
    EventLines lines;
    Answer answer;
    const auto ending = task.hub.follow(
        "/api/events", follower.last_id(),
        [&](std::string_view piece) {
          followed = true;
          pause = kFirstPause;
          return lines.feed(piece, [&](const StreamEvent& event) { return follower.take(event); });
        },
        answer);
    if (follower.has_ended()) {
      complain("the API token is good no longer");
      return Exit::refused;
    }
    if (ending == HubClient::Ending::broken_off) return Exit::done;
    if (ending == HubClient::Ending::refused && !(followed && is_passing(answer))) return refused(answer);
    if (ending == HubClient::Ending::nobody && !followed) return Exit::unreachable;
    complain(fmt::format("the stream has ended; asking again in {} s", pause.count()));
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, kLongestPause);
  }
}

}  // namespace wghub::cli

#include "apid/cli/event_lines.h"

namespace wghub::cli {
namespace {

constexpr std::size_t kLargest = 1U << 20U;

// The value behind "NAME: ", or behind "NAME:".
std::string_view value_behind(std::string_view line, std::string_view name) {
  if (!line.starts_with(name) || line.substr(name.size(), 1) != ":") return {};
  line.remove_prefix(name.size() + 1);
  return line.starts_with(' ') ? line.substr(1) : line;
}

StreamEvent read_event(std::string_view block) {
  StreamEvent event;
  while (!block.empty()) {
    const auto end = block.find('\n');
    const auto line = block.substr(0, end);
    block = end == std::string_view::npos ? std::string_view() : block.substr(end + 1);
    if (const auto id = value_behind(line, "id"); !id.empty()) event.id = id;
    if (const auto type = value_behind(line, "event"); !type.empty()) event.type = type;
    if (const auto data = value_behind(line, "data"); !data.empty()) event.data.append(data);
  }
  return event;
}

}  // namespace

bool EventLines::feed(std::string_view piece, const Receiver& receive) {
  waiting_ += piece;
  std::size_t from = 0;
  for (auto end = waiting_.find("\n\n"); end != std::string::npos; end = waiting_.find("\n\n", from)) {
    const auto event = read_event(std::string_view(waiting_).substr(from, end - from));
    from = end + 2;
    if (!event.data.empty() && !receive(event)) return false;
  }
  waiting_.erase(0, from);
  return waiting_.size() <= kLargest;
}

}  // namespace wghub::cli

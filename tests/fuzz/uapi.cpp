// What a userspace implementation answers -> LineSocket -> UapiAnswer -> Dump.
#include <sys/socket.h>

#include "common/line_socket.h"
#include "tests/fuzz/dump_claims.h"
#include "wgprivd/engine/uapi.h"

using namespace wghub;
using namespace wghub::fuzz;

namespace {

constexpr std::size_t kAnswerBytes = 64 * 1024;  // fits into a socket unread

/// Reads as the engine does; whether the answer was understood to its end.
bool read_answer(std::string_view text, Dump* dump) {
  int ends[2];
  claim(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "a pair of sockets");
  const Descriptor implementation(ends[1]);
  LineSocket lines{Descriptor(ends[0])};
  ::send(implementation.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::shutdown(implementation.get(), SHUT_WR);
  UapiAnswer answer(dump);
  for (bool sound = true; sound && !answer.is_finished();) {
    const auto line = lines.receive();
    if (line) claim(line->size() <= LineSocket::kLineBytes, "no line is longer than its limit");
    sound = line && answer.take(*line);
  }
  return answer.is_finished();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = text_of(data, std::min(size, kAnswerBytes));
  const bool is_of_a_set = take_byte(text) % 8 == 7;
  Dump dump;
  const bool finished = read_answer(text, is_of_a_set ? nullptr : &dump);
  check(dump);
  claim(!finished || text.find("errno=") != std::string_view::npos, "no answer ends without its errno");
  claim(!is_of_a_set || dump.peers.empty(), "the answer of a set fills nothing");
  return 0;
}

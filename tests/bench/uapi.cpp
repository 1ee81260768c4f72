// A userspace WireGuard asked directly over its UAPI socket, without our code between. Prints seconds.
//   bench_uapi SOCKET add FIRST COUNT
//   bench_uapi SOCKET dump ROUNDS       the median
#include <fmt/format.h>

#include <array>

#include "common/unix_socket.h"
#include "tests/bench/measure.h"

namespace {

using namespace wghub;

class Uapi {
 public:
  explicit Uapi(const std::string& path) : socket_(connect_to(path, SOCK_STREAM)) {
    if (!socket_) throw std::runtime_error("nobody listens at " + path);
  }

  void add(std::uint32_t number) {
    const auto host = bench::address_of(number);
    ask(fmt::format("set=1\npublic_key={}\nreplace_allowed_ips=true\nallowed_ip={}/32\n\n",
                    to_hex(bench::key_of(number)), fmt::join(host, ".")));
  }

  void dump() { ask("get=1\n\n"); }

 private:
  void ask(const std::string& request) {
    if (::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) throw std::runtime_error("closed");
    std::string end;  // of the answer, which stops with an empty line
    while (!end.ends_with("\n\n")) {
      const auto size = ::recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
      if (size <= 0) throw std::runtime_error("closed");
      end.append(buffer_.data(), static_cast<std::size_t>(size));
      if (end.size() > 64) end.erase(0, end.size() - 64);
    }
    if (!end.ends_with("errno=0\n\n")) throw std::runtime_error("refused: " + end);
  }

  Descriptor socket_;
  std::array<char, 65536> buffer_{};
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Arguments arguments(argc, argv);
  Uapi uapi(arguments.target);
  double seconds = 0;
  if (arguments.verb == "add") {
    const std::uint32_t first = arguments.numbers.at(0);
    const std::uint32_t behind = first + arguments.numbers.at(1);
    seconds = bench::seconds_of([&] {
      for (auto number = first; number < behind; ++number) uapi.add(number);
    });
  } else {
    seconds = bench::median_seconds(static_cast<int>(arguments.numbers.at(0)), [&] { uapi.dump(); });
  }
  fmt::print("{:.6f}\n", seconds);
}

// Datagrams in a kernel's place -> NetlinkSocket, the WireGuard dump and the readings of links, addresses and routes.
// Each datagram comes in as if from the request's kernel, also at the very end of the receive buffer.
#include <linux/genetlink.h>

#include <cstring>

#include "tests/fuzz/dump_claims.h"
#include "tests/unit/wgprivd/engine/fake_netlink.h"
#include "wgprivd/engine/kernel_netlink.h"
#include "wgprivd/engine/route_netlink.h"

using namespace wghub;
using namespace wghub::fuzz;
using wghub::test::Datagram;

namespace {

constexpr std::size_t kBufferBytes = 32768;  // of NetlinkSocket
constexpr int kMostDatagrams = 64;
constexpr std::uint16_t kFamily = 0x1d;

std::string message(std::uint16_t type, std::uint32_t sequence, std::string_view payload) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + payload.size());
  header.nlmsg_type = type;
  header.nlmsg_seq = sequence;
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  return bytes.append(payload);
}

/// Answers with the input: a byte of how, then a length and so many bytes, for each datagram.
class Kernel final : public test::FakeKernel {
 public:
  explicit Kernel(std::string_view input) : input_(input) {}

  std::deque<Datagram> answer(int protocol, const nlmsghdr* request) override {
    if (protocol == NETLINK_GENERIC && request->nlmsg_type == GENL_ID_CTRL) return family(request->nlmsg_seq);
    std::deque<Datagram> datagrams;
    while (input_.size() >= 3 && datagrams.size() < kMostDatagrams) {
      const auto how = take_byte(input_);
      if (how == 0xff) break;  // the rest answers the next request
      datagrams.push_back(next(how, request));
    }
    return datagrams;
  }

 private:
  static std::deque<Datagram> family(std::uint32_t sequence) {
    const nlattr attribute{NLA_HDRLEN + sizeof kFamily, CTRL_ATTR_FAMILY_ID};
    std::string payload(4, '\0');
    payload.append(reinterpret_cast<const char*>(&attribute), sizeof attribute);
    payload.append(reinterpret_cast<const char*>(&kFamily), sizeof kFamily).append(2, '\0');
    return {{message(GENL_ID_CTRL, sequence, payload)}, {message(NLMSG_ERROR, sequence, std::string(20, '\0'))}};
  }

  Datagram next(std::uint8_t how, const nlmsghdr* request) {
    std::size_t length = take_byte(input_);
    length = std::min(length | std::size_t{take_byte(input_)} << 8, input_.size());
    if (how % 8 == 7) return {{}, how & 8 ? ENOBUFS : EAGAIN};
    std::string bytes(input_.substr(0, length));
    input_.remove_prefix(length);
    // Whole messages: the header's length, type and sequence are right, what follows is the input's.
    if (how % 8 < 4) bytes = message(how % 8 == 3 ? NLMSG_DONE : request->nlmsg_type, request->nlmsg_seq, bytes);
    bound_lengths(bytes);
    if ((how & 16) != 0 && bytes.size() >= sizeof(nlmsghdr)) set_flags(bytes, how & 32 ? NLM_F_DUMP_INTR : NLM_F_MULTI);
    const auto room = kBufferBytes - std::min(kBufferBytes, (bytes.size() + 3) & ~std::size_t{3});
    if ((how & 64) != 0 && room >= sizeof(nlmsghdr))
      bytes.insert(0, message(NLMSG_NOOP, request->nlmsg_seq, std::string(room - sizeof(nlmsghdr), '\0')));
    return {std::move(bytes)};
  }

  // libmnl 1.0.4 takes a message of 2 GB and more for one of negative length, and reads there. No kernel sends one, and
  // nobody else can send to the engine's sockets without the capability that it is about.
  static void bound_lengths(std::string& bytes) {
    for (std::size_t at = 0; at + sizeof(nlmsghdr) <= bytes.size();) {
      bytes[at + 3] = 0;
      std::uint32_t length = 0;
      std::memcpy(&length, bytes.data() + at, sizeof length);
      if (length < sizeof(nlmsghdr)) return;
      at += (length + 3) & ~std::uint32_t{3};
    }
  }

  static void set_flags(std::string& bytes, int flags) {
    const auto value = static_cast<std::uint16_t>(flags);
    std::memcpy(bytes.data() + offsetof(nlmsghdr, nlmsg_flags), &value, sizeof value);
  }

  std::string_view input_;
};

void read_peers() {
  const auto backend = open_kernel();
  claim(backend != nullptr, "the kernel has WireGuard");
  Dump dump;
  const int error = backend->dump(7, dump);
  claim(error >= 0, "an errno value is not negative");
  check(dump);
}

void read_machine() {
  NetlinkSocket route(NETLINK_ROUTE);
  const Network hub{from_number(0x0a4d0001), 24};
  const auto state = find_link(route, "wg0", hub);
  claim(state.index != 0 || !state.has_address, "no link has no address");
  if (const auto networks = host_networks(route, state.index)) {
    for (const auto& network : *networks) {
      claim(network.address.family == Family::ipv4 || network.address.family == Family::ipv6, "a network's family");
      overlaps(network, hub);
    }
  }
  bring_link_up(route, 7, hub, 1420);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto input = text_of(data, size);
  const bool of_peers = take_byte(input) % 2 == 0;
  Kernel kernel(input);
  of_peers ? read_peers() : read_machine();
  return 0;
}

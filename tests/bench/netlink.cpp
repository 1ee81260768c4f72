// The kernel's WireGuard asked directly over netlink, without our code between: one message and one acknowledgement a
// peer, as the engine sends them. Prints seconds.
//   bench_netlink INTERFACE add FIRST COUNT
//   bench_netlink INTERFACE remove FIRST COUNT
//   bench_netlink INTERFACE dump ROUNDS         the median
#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/wireguard.h>

#include <array>

#include "tests/bench/measure.h"

namespace {

using namespace wghub;

class Netlink {
 public:
  explicit Netlink(std::string interface)
      : interface_(std::move(interface)), socket_(mnl_socket_open(NETLINK_GENERIC)) {
    if (socket_ == nullptr || mnl_socket_bind(socket_, 0, MNL_SOCKET_AUTOPID) < 0) throw std::runtime_error("netlink");
    start(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK);
    mnl_attr_put_strz(message(), CTRL_ATTR_FAMILY_NAME, WG_GENL_NAME);
    talk();
  }
  ~Netlink() { mnl_socket_close(socket_); }
  Netlink(const Netlink&) = delete;
  Netlink& operator=(const Netlink&) = delete;

  void change(std::uint32_t number, std::uint32_t flags) {
    start(family_, WG_CMD_SET_DEVICE, NLM_F_ACK);
    mnl_attr_put_strz(message(), WGDEVICE_A_IFNAME, interface_.c_str());
    auto* peers = mnl_attr_nest_start(message(), WGDEVICE_A_PEERS);
    auto* peer = mnl_attr_nest_start(message(), 0);
    mnl_attr_put(message(), WGPEER_A_PUBLIC_KEY, 32, bench::key_of(number).bytes.data());
    mnl_attr_put_u32(message(), WGPEER_A_FLAGS, flags);
    if (flags != WGPEER_F_REMOVE_ME) put_address(number);
    mnl_attr_nest_end(message(), peer);
    mnl_attr_nest_end(message(), peers);
    talk();
  }

  void dump() {
    start(family_, WG_CMD_GET_DEVICE, NLM_F_DUMP);
    mnl_attr_put_strz(message(), WGDEVICE_A_IFNAME, interface_.c_str());
    talk();
  }

 private:
  nlmsghdr* message() { return reinterpret_cast<nlmsghdr*>(buffer_.data()); }

  void start(int type, int command, int flags) {
    auto* header = mnl_nlmsg_put_header(buffer_.data());
    header->nlmsg_type = static_cast<std::uint16_t>(type);
    header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    header->nlmsg_seq = ++sequence_;
    auto* generic = static_cast<genlmsghdr*>(mnl_nlmsg_put_extra_header(header, sizeof(genlmsghdr)));
    generic->cmd = static_cast<std::uint8_t>(command);
    generic->version = 1;
  }

  void put_address(std::uint32_t number) {
    auto* list = mnl_attr_nest_start(message(), WGPEER_A_ALLOWEDIPS);
    auto* allowed = mnl_attr_nest_start(message(), 0);
    mnl_attr_put_u16(message(), WGALLOWEDIP_A_FAMILY, AF_INET);
    mnl_attr_put(message(), WGALLOWEDIP_A_IPADDR, 4, bench::address_of(number).data());
    mnl_attr_put_u8(message(), WGALLOWEDIP_A_CIDR_MASK, 32);
    mnl_attr_nest_end(message(), allowed);
    mnl_attr_nest_end(message(), list);
  }

  // Answers are read and walked through, and only the family's number is kept.
  void talk() {
    if (mnl_socket_sendto(socket_, buffer_.data(), message()->nlmsg_len) < 0) throw std::runtime_error("send");
    int state = MNL_CB_OK;
    while (state > MNL_CB_STOP) {
      const auto size = mnl_socket_recvfrom(socket_, buffer_.data(), buffer_.size());
      state = mnl_cb_run(buffer_.data(), static_cast<std::size_t>(size), sequence_, mnl_socket_get_portid(socket_),
                         take_family, &family_);
    }
    if (state < 0) throw std::runtime_error(fmt::format("netlink says {}", errno));
  }

  static int take_family(const nlmsghdr* answer, void* family) {
    const auto take = [](const nlattr* attribute, void* to) {
      if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID) *static_cast<int*>(to) = mnl_attr_get_u16(attribute);
      return MNL_CB_OK;
    };
    if (answer->nlmsg_type == GENL_ID_CTRL) mnl_attr_parse(answer, sizeof(genlmsghdr), take, family);
    return MNL_CB_OK;
  }

  std::string interface_;
  mnl_socket* socket_;
  int family_ = 0;
  unsigned sequence_ = 0;
  alignas(nlmsghdr) std::array<char, 32768> buffer_{};
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Arguments arguments(argc, argv);
  Netlink netlink(arguments.target);
  double seconds = 0;
  if (arguments.verb == "dump") {
    seconds = bench::median_seconds(static_cast<int>(arguments.numbers.at(0)), [&] { netlink.dump(); });
  } else {
    const std::uint32_t first = arguments.numbers.at(0);
    const std::uint32_t behind = first + arguments.numbers.at(1);
    const std::uint32_t flags = arguments.verb == "add" ? WGPEER_F_REPLACE_ALLOWEDIPS : WGPEER_F_REMOVE_ME;
    seconds = bench::seconds_of([&] {
      for (auto number = first; number < behind; ++number) netlink.change(number, flags);
    });
  }
  fmt::print("{:.6f}\n", seconds);
}

// Records -> Engine::answer, on a machine whose wg0 others change and whose dumps are interrupted. Each answer is
// compared with the policy's second implementation (policy_oracle.h), the machine and the journal with what was carried
// out.
#include <sodium.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/policy_oracle.h"
#include "tests/unit/wgprivd/engine/engine_setting.h"

using namespace wghub;
using namespace wghub::fuzz;

namespace {

using Key = std::array<std::uint8_t, 32>;

constexpr int kMostSteps = 200;
const std::vector<Network> kOtherNetworks = {*parse_network("192.168.7.3/24"), *parse_network("10.200.0.0/16"),
                                             *parse_network("fd99::/64"), *parse_network("0.0.0.0/0")};
constexpr const char* kNetworks[] = {
    "10.77.0.0/28", "10.77.0.0/28", "10.77.0.0/28",   "10.77.0.0/16",  "fd77::/112", "192.168.5.0/30", "8.8.8.0/24",
    "10.77.0.1/28", "10.0.0.0/15",  "192.168.7.0/24", "10.200.4.0/24", "fd77::/64",  "100.64.0.0/16",  "172.32.0.0/16"};

class Scene {
 public:
  explicit Scene(FuzzedDataProvider& input) : input_(input), engine_(scratch_parent()) {
    engine_.machine.other_networks = oracle_.host_networks = kOtherNetworks;
    engine_.machine.bend = [this](std::deque<test::Datagram>& answer, int) {
      if (interruptions_ > 0) interrupt(answer);
    };
    const bool is_set_up = input_.ConsumeBool();
    if (!is_set_up) return;
    send({.operation = EngineOperation::generate_key});
    send({.operation = EngineOperation::configure, .policy = policy_of("10.77.0.0/28")});
  }

  void step() {
    switch (input_.ConsumeIntegralInRange(0, 15)) {
      case 10:
        return send_wrong_size();
      case 11:
        return send(raw_record());
      case 12:
        return change_by_hand();
      case 13:
        return replace_link();
      case 14:
        interruptions_ = input_.ConsumeIntegralInRange(0, 6);
        return;
      case 15:
        return engine_.engine.tick();
      default:
        return send(record());
    }
  }

 private:
  static EnginePolicy policy_of(const char* text) {
    const auto network = *parse_network(text);
    return {network.address.bytes, static_cast<std::uint8_t>(network.address.family), network.prefix, 51820, 1420};
  }

  void interrupt(std::deque<test::Datagram>& answer) {
    --interruptions_;
    interrupted_ = true;
    answer[input_.ConsumeBool() ? 0 : answer.size() - 1] = {{}, ENOBUFS};
  }

  // Few that are good, so that they meet; all that are not.
  Key key() {
    const auto number = input_.ConsumeIntegralInRange<std::uint8_t>(0, 20);
    Key prime;
    prime.fill(0xff);
    prime[31] = 0x7f;
    prime[0] = static_cast<std::uint8_t>(0xea + number % 8);
    if (number < 8) return {static_cast<std::uint8_t>(2 + number % 4), 7};
    if (number < 14) return prime;
    if (number == 14) return {};
    if (number == 15) return {1};
    if (number == 16)
      return {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
              0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00};
    if (number == 17) return oracle_.hub_key.value_or(PublicKey()).bytes;
    return bytes<Key>();
  }

  template <class Bytes>
  Bytes bytes() {
    Bytes filled{};
    input_.ConsumeData(filled.data(), filled.size());
    return filled;
  }

  EngineAddresses addresses() {
    EngineAddresses made;
    const auto how = input_.ConsumeIntegralInRange(0, 15);
    const auto low = input_.ConsumeIntegralInRange<std::uint8_t>(0, 17);
    if (how < 12) made.ipv4 = {10, 77, 0, low};
    if (how >= 11 && how < 14) made.ipv6 = {0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, low};
    if (how == 14) made.ipv4 = bytes<std::array<std::uint8_t, 4>>();
    return made;
  }

  EngineRequest record() {
    EngineRequest request{.operation = static_cast<EngineOperation>(input_.ConsumeIntegralInRange(0, 9))};
    const bool adds = static_cast<std::uint32_t>(request.operation) > 7;
    if (adds) request.operation = EngineOperation::add_peer;
    request.id = input_.ConsumeIntegral<std::uint8_t>();
    request.key = key();
    request.addresses = addresses();
    if (input_.ConsumeIntegralInRange(0, 3) == 0) request.flags = input_.ConsumeIntegralInRange(0U, 4U);
    if ((request.flags & EngineRequest::kHasReplaces) != 0)
      request.replaces = input_.ConsumeIntegralInRange(0, 7) == 0 ? request.key : key();
    if (request.operation == EngineOperation::configure) request.policy = policy();
    if (request.operation == EngineOperation::status) request.cursor = input_.ConsumeIntegralInRange(0U, 3U);
    if (request.cursor != 0) request.snapshot = snapshot_ + input_.ConsumeIntegralInRange(0U, 1U);
    return request;
  }

  EnginePolicy policy() {
    auto made = policy_of(input_.PickValueInArray(kNetworks));
    const auto odd = input_.ConsumeIntegralInRange(0, 15);
    if (odd == 1) made.port = input_.ConsumeIntegralInRange<std::uint16_t>(0, 2);
    if (odd == 2) made.mtu = input_.PickValueInArray<std::uint32_t>({0, 1279, 1280, 1500, 1501, 0x10000});
    if (odd == 3) made.prefix = input_.ConsumeIntegral<std::uint8_t>();
    if (odd == 4) made.family = input_.ConsumeIntegral<std::uint8_t>();
    if (odd == 5) made.network = bytes<std::array<std::uint8_t, 16>>();
    return made;
  }

  EngineRequest raw_record() {
    EngineRequest request;
    input_.ConsumeData(&request, sizeof request);
    return request;
  }

  void send_wrong_size() {
    auto record = input_.ConsumeRandomLengthString(300);
    if (record.size() == sizeof(EngineRequest)) record.pop_back();
    const auto page = engine_.send(std::as_bytes(std::span(record.data(), record.size())));
    claim(page.reply.outcome == EngineOutcome::malformed, "a record of a wrong size is malformed");
    compare();
  }

  void change_by_hand() {
    if (!engine_.machine.link) return;
    const std::uint8_t prefix = input_.ConsumeBool() ? 32 : 29;
    const auto address = from_number(0x0a4d0000U + input_.ConsumeIntegralInRange(0U, 17U));
    engine_.machine.link->give(PublicKey{key()}, {network_address({address, prefix}), prefix});
    // What has peers under another key, or under none, is somebody else's.
    if (!oracle_.hub_key || engine_.machine.link->key != *oracle_.hub_key) oracle_.foreign = true;
    stale_ = true;
    send({.operation = EngineOperation::status});
  }

  void replace_link() {
    std::optional<test::FakeLink> other;
    const auto how = input_.ConsumeIntegralInRange(0, 3);
    if (how > 0) other = test::FakeLink{};
    if (how == 1) other->key = PublicKey{{3, 3, 3}};
    if (how == 2) other->is_wireguard = false;
    engine_.machine.replace_link(other);
    oracle_.foreign = how == 1 || how == 2;
    oracle_.ours = false;
    oracle_.wg0.clear();
    stale_ = false;
  }

  void send(const EngineRequest& request) {
    const auto before = engine_.machine.moved;
    interrupted_ = false;
    const auto reasons = reasons_now(request);
    const auto page = engine_.send(request);
    const auto outcome = page.reply.outcome;
    claim(page.reply.id == request.id && page.reply.operation == request.operation, "the answer is to this record");
    if (interrupted_) return learn(page.reply);
    // What wg0 has is not known for sure then, and which snapshot is the last one never is.
    const bool is_unsure =
        stale_ && (outcome == EngineOutcome::address_held || outcome == EngineOutcome::replaces_mismatch);
    if (is_unsure || (request.cursor != 0 && outcome == EngineOutcome::stale_snapshot)) return;
    const bool carried_out = outcome <= EngineOutcome::unchanged;
    const bool is_right = carried_out ? reasons.empty() : reasons.contains(outcome);
    if (!is_right) std::fprintf(stderr, "operation %u: %s\n", unsigned(request.operation), name_of(outcome));
    for (const auto reason : is_right ? Reasons() : reasons) std::fprintf(stderr, "reason to: %s\n", name_of(reason));
    claim(is_right, "the engine decides as the design says");
    if (carried_out && !stale_) claim(engine_.machine.moved == before, "no address goes silently from peer to peer");
    if (carried_out) check(request, page);
    compare();
  }

  Reasons reasons_now(const EngineRequest& request) const {
    auto reasons = oracle_.reasons(request);
    if (reasons == Reasons{EngineOutcome::stale_snapshot}) reasons.clear();
    if (stale_) reasons.erase(EngineOutcome::address_held);
    if (stale_) reasons.erase(EngineOutcome::replaces_mismatch);
    return reasons;
  }

  void check(const EngineRequest& request, const EngineStatusPage& page) {
    const auto operation = request.operation;
    const bool of_a_peer = operation == EngineOperation::add_peer || operation == EngineOperation::remove_peer;
    if (!stale_ && of_a_peer)
      claim((page.reply.outcome == EngineOutcome::unchanged) == oracle_.is_unchanged(request),
            "unchanged was so before");
    oracle_.carry_out(request);
    learn(page.reply);
    const bool is_first_page = operation == EngineOperation::status && request.cursor == 0;
    if (is_first_page) snapshot_ = page.reply.snapshot;
    if (is_first_page)
      claim((page.reply.flags & EngineReply::kComplete) != 0, "a dump that nothing disturbed is whole");
    if (is_first_page || operation == EngineOperation::configure) look();
  }

  // What only the answers can tell: the key, and after an interruption the policy and whether wg0 is known to be ours.
  void learn(const EngineReply& reply) {
    const bool has_key = (reply.flags & EngineReply::kHasKey) != 0;
    claim(!oracle_.hub_key || (has_key && oracle_.hub_key->bytes == reply.hub_key), "the hub's key stays");
    if (has_key) oracle_.hub_key = PublicKey{reply.hub_key};
    const bool has_policy = (reply.flags & EngineReply::kHasPolicy) != 0;
    if (has_policy) claim(is_allowed(reply.policy), "no policy in force is one that is not allowed");
    if (has_policy && oracle_.fixed) claim(oracle_.policy == reply.policy, "a fixed policy stays");
    if (has_policy) oracle_.policy = reply.policy;
    oracle_.ours = (reply.flags & EngineReply::kInterfaceUp) != 0;
    stale_ = stale_ || interrupted_;
  }

  // A whole dump: the engine knows what wg0 has.
  void look() {
    oracle_.wg0.clear();
    stale_ = false;
    if (!oracle_.ours || !engine_.machine.link) return;
    for (const auto& peer : engine_.machine.link->peers)
      oracle_.wg0[peer.key] = {peer.allowed.begin(), peer.allowed.end()};
  }

  void compare() {
    std::map<PublicKey, std::set<Network>> noted;
    for (const auto& [key, addresses] : engine_.journal.content())
      for (const auto& host : hosts_of(addresses))
        if (host) noted[key].insert({host, bits_of(host.family)});
    claim(noted == oracle_.noted, "the journal has the peers that were set, and no others");
    if (stale_ || !oracle_.ours || !engine_.machine.link) return;
    std::map<PublicKey, std::set<Network>> present;
    for (const auto& peer : engine_.machine.link->peers) present[peer.key] = {peer.allowed.begin(), peer.allowed.end()};
    claim(present == oracle_.wg0, "wg0 has what was carried out, and nothing else");
    for (const auto& [key, allowed] : oracle_.wg0) {
      for (const auto& network : allowed) {
        const auto* holder = engine_.interface.mirror().holder(network.address);
        const bool is_host = network.prefix == bits_of(network.address.family);
        if (is_host) claim(holder != nullptr && *holder == key, "the mirror knows who holds an address");
      }
    }
  }

  FuzzedDataProvider& input_;
  test::EngineSetting engine_;
  Oracle oracle_;
  int interruptions_ = 0;     ///< so many of the next dumps
  bool interrupted_ = false;  ///< one was, since the last record went out
  bool stale_ = false;        ///< somebody changed wg0 and no whole dump has shown it
  std::uint64_t snapshot_ = 0;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  claim(sodium_init() >= 0, "libsodium starts");
  FuzzedDataProvider input(data, size);
  Scene scene(input);
  for (int step = 0; step < kMostSteps && input.remaining_bytes() > 0; ++step) scene.step();
  return 0;
}

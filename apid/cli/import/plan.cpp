#include "apid/cli/import/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <optional>

namespace wghub::cli {
namespace {

constexpr std::size_t kAtOnce = 128;
constexpr std::size_t kLongestName = 256;
constexpr auto kRoute = "/api/spoke/import";
using State = PlannedPeer::State;

void refuse(PlannedPeer& peer, const std::string& why) {
  if (peer.state == State::bad) return;
  peer.state = State::bad;
  peer.remark = why;
}

// The hub reads names as JSON, and shows them; what it thinks of one that is text at all, it says itself.
bool is_text(const std::string& name) {
  if (name.size() > kLongestName) return false;
  if (std::any_of(name.begin(), name.end(), [](char each) { return static_cast<unsigned char>(each) < ' '; }))
    return false;
  boost::json::error_code error;
  boost::json::parse(boost::json::serialize(boost::json::value(name)), error);
  return !error;
}

// A host's address, written with or without its prefix.
std::optional<Address> host_of(const std::string& text) {
  if (const auto address = parse_address(text)) return address;
  const auto network = parse_network(text);
  return network && network->prefix == bits_of(network->address.family) ? std::optional(network->address)
                                                                        : std::nullopt;
}

// One address of the hub's network. Another family's is left behind; a network is more than a spoke may have.
void take_address(PlannedPeer& peer, const std::vector<std::string>& allowed, const Network& network) {
  for (const auto& text : allowed) {
    const auto host = host_of(text);
    if (!host) {
      refuse(peer, "routes " + text + ": a spoke has its own address alone");
    } else if (host->family != network.address.family) {
      peer.remark = "without " + text;
    } else if (!contains(network, *host)) {
      refuse(peer, text + " is outside of " + to_string(network));
    } else if (!peer.address.empty()) {
      refuse(peer, "has two addresses: " + peer.address + " and " + text);
    } else {
      peer.address = to_string(*host);
    }
  }
  if (peer.address.empty()) refuse(peer, "has no address in " + to_string(network));
}

PlannedPeer plan_one(const FoundPeer& found, const Network& network, PresharedKeys preshared) {
  PlannedPeer peer{found.line, found.name, "", found.public_key, State::good, ""};
  const auto key = parse_public_key(found.public_key);
  if (!key || !is_usable(*key)) {
    peer.public_key.clear();  // whatever stands there
    refuse(peer, "has no usable public key");
  }
  take_address(peer, found.addresses, network);
  if (found.has_preshared_key && preshared == PresharedKeys::refuse)
    refuse(peer, "has a preshared key, which a hub has not: --drop-preshared-keys");
  else if (found.has_preshared_key && peer.state == State::good)
    peer.remark = "take PresharedKey off its machine";
  if (peer.name.empty()) peer.name = "peer " + (peer.address.empty() ? std::to_string(peer.line) : peer.address);
  if (!is_text(peer.name)) {
    peer.name.clear();
    refuse(peer, "its name is no text of at most 64 characters");
  }
  if (found.is_disabled) peer.state = State::left_out;
  if (found.is_disabled) peer.remark = "is disabled there";
  return peer;
}

void refuse_doubles(std::vector<PlannedPeer>& peers, std::string PlannedPeer::*member, const char* what) {
  std::map<std::string, std::size_t> lines;
  for (auto& peer : peers) {
    if (peer.state != State::good || (peer.*member).empty()) continue;
    const auto [first, is_new] = lines.emplace(peer.*member, peer.line);
    if (!is_new) refuse(peer, fmt::format("has the {} of the peer in line {}", what, first->second));
  }
}

boost::json::object request_for(const std::vector<const PlannedPeer*>& peers, bool is_plan) {
  boost::json::array spokes;
  for (const auto* peer : peers)
    spokes.push_back({{"name", peer->name}, {"publicKey", peer->public_key}, {"address", peer->address}});
  return {{"spokes", std::move(spokes)}, {"dryRun", is_plan}};
}

void note_answer(PlannedPeer& peer, const boost::json::object& said) {
  const auto outcome = in_words(said.at("outcome"));
  if (outcome == "present") peer.state = State::present;
  if (said.at("field") == boost::json::value("name")) peer.name.clear();  // nobody should see it
  if (outcome == "refused") refuse(peer, in_words(said.at("field")) + " " + in_words(said.at("message")));
}

}  // namespace

std::vector<PlannedPeer> plan(const Found& found, const Network& network, PresharedKeys preshared) {
  std::vector<PlannedPeer> peers;
  peers.reserve(found.peers.size());
  for (const auto& each : found.peers) peers.push_back(plan_one(each, network, preshared));
  refuse_doubles(peers, &PlannedPeer::public_key, "public key");
  refuse_doubles(peers, &PlannedPeer::address, "address");
  return peers;
}

Asked<Done> ask_hub(const HubClient& hub, std::vector<PlannedPeer>& peers) {
  std::vector<PlannedPeer*> good;
  for (auto& peer : peers)
    if (peer.state == State::good) good.push_back(&peer);
  for (std::size_t begin = 0; begin < good.size(); begin += kAtOnce) {
    const auto end = std::min(begin + kAtOnce, good.size());
    const std::vector<const PlannedPeer*> some(good.begin() + static_cast<std::ptrdiff_t>(begin),
                                               good.begin() + static_cast<std::ptrdiff_t>(end));
    const auto answer = ask(hub, "POST", kRoute, request_for(some, true));
    if (!answer) return answer.error();
    const auto& said = answer->at("spokes").as_array();
    for (auto i = begin; i < end; ++i) note_answer(*good[i], said.at(i - begin).as_object());
  }
  return Done{};
}

Asked<Done> apply(const HubClient& hub, const std::vector<PlannedPeer>& peers) {
  std::vector<const PlannedPeer*> some;
  for (auto peer = peers.begin(); peer != peers.end(); ++peer) {
    if (peer->state == State::good) some.push_back(&*peer);
    if (some.empty() || (some.size() < kAtOnce && peer + 1 != peers.end())) continue;
    const auto answer = ask(hub, "POST", kRoute, request_for(some, false), HubClient::Patience::long_call);
    if (!answer) return answer.error();
    some.clear();
  }
  return Done{};
}

}  // namespace wghub::cli

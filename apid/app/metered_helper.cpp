#include "apid/app/metered_helper.h"

#include <chrono>
#include <map>
#include <utility>

namespace wghub::app {
namespace {

constexpr auto kHello = "hello";
constexpr auto kGenerateKey = "generateKey";
constexpr auto kConfigure = "configure";
constexpr auto kAddPeers = "addPeers";
constexpr auto kRemovePeers = "removePeers";
constexpr auto kStatus = "status";

}  // namespace

MeteredHelper::MeteredHelper(std::unique_ptr<Helper> helper, endpoint::Meter& meter)
    : helper_(std::move(helper)), meter_(meter) {
  // From 0, so that the first of each is seen as a rise.
  for (const auto* call : {kHello, kGenerateKey, kConfigure, kAddPeers, kRemovePeers, kStatus})
    for (const auto outcome : {PeerOutcome::done, PeerOutcome::unreachable})
      meter_.helper_answered(call, to_text(outcome), 0);
}

template <class Ask>
auto MeteredHelper::timed(const char* call, Ask ask) {
  const auto began = std::chrono::steady_clock::now();
  auto answer = ask();
  meter_.helper_took(call, std::chrono::steady_clock::now() - began);
  return answer;
}

void MeteredHelper::count(const char* call, const std::vector<PeerOutcome>& outcomes) {
  std::map<PeerOutcome, std::size_t> sums;
  for (const auto outcome : outcomes) ++sums[outcome];
  for (const auto& [outcome, items] : sums) meter_.helper_answered(call, to_text(outcome), items);
}

Outcome<HelperInfo> MeteredHelper::hello() {
  auto answer = timed(kHello, [&] { return helper_->hello(); });
  count(kHello, static_cast<bool>(answer));
  return answer;
}

Outcome<PublicKey> MeteredHelper::hub_key() {
  auto answer = timed(kGenerateKey, [&] { return helper_->hub_key(); });
  count(kGenerateKey, static_cast<bool>(answer));
  return answer;
}

ConfigureAnswer MeteredHelper::configure(const InterfacePolicy& policy) {
  auto answer = timed(kConfigure, [&] { return helper_->configure(policy); });
  count(kConfigure, answer.outcome);
  return answer;
}

PeerOutcome MeteredHelper::add_peer(const WantedPeer& peer) {
  const auto outcome = timed(kAddPeers, [&] { return helper_->add_peer(peer); });
  count(kAddPeers, outcome);
  return outcome;
}

PeerOutcome MeteredHelper::remove_peer(const PublicKey& key) {
  const auto outcome = timed(kRemovePeers, [&] { return helper_->remove_peer(key); });
  count(kRemovePeers, outcome);
  return outcome;
}

std::vector<PeerOutcome> MeteredHelper::add_peers(std::span<const WantedPeer> peers) {
  auto outcomes = timed(kAddPeers, [&] { return helper_->add_peers(peers); });
  count(kAddPeers, outcomes);
  return outcomes;
}

std::vector<PeerOutcome> MeteredHelper::remove_peers(std::span<const PublicKey> keys) {
  auto outcomes = timed(kRemovePeers, [&] { return helper_->remove_peers(keys); });
  count(kRemovePeers, outcomes);
  return outcomes;
}

Outcome<StatusSnapshot> MeteredHelper::status() {
  auto answer = timed(kStatus, [&] { return helper_->status(); });
  count(kStatus, static_cast<bool>(answer));
  return answer;
}

}  // namespace wghub::app

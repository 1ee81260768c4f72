// The helper's client with its calls counted. What is asked and answered passes through unchanged.
#pragma once

#include <memory>

#include "apid/endpoint/meter.h"
#include "apid/helper/helper.h"

namespace wghub::app {

class MeteredHelper final : public Helper {
 public:
  MeteredHelper(std::unique_ptr<Helper> helper, endpoint::Meter& meter);

  Outcome<HelperInfo> hello() override;
  Outcome<PublicKey> hub_key() override;
  ConfigureAnswer configure(const InterfacePolicy& policy) override;
  PeerOutcome add_peer(const WantedPeer& peer) override;
  PeerOutcome remove_peer(const PublicKey& key) override;
  std::vector<PeerOutcome> add_peers(std::span<const WantedPeer> peers) override;
  std::vector<PeerOutcome> remove_peers(std::span<const PublicKey> keys) override;
  Outcome<StatusSnapshot> status() override;
  void on_link_change(std::function<void()> changed) override { helper_->on_link_change(std::move(changed)); }
  void stop() override { helper_->stop(); }

 private:
  template <class Ask>
  auto timed(const char* call, Ask ask);
  void count(const char* call, PeerOutcome outcome) { meter_.helper_answered(call, to_text(outcome), 1); }
  void count(const char* call, bool answered) { count(call, answered ? PeerOutcome::done : PeerOutcome::unreachable); }
  void count(const char* call, const std::vector<PeerOutcome>& outcomes);

  std::unique_ptr<Helper> helper_;
  endpoint::Meter& meter_;
};

}  // namespace wghub::app

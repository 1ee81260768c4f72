// The hub's own configuration: initialise (D25), change, and the wg0.conf it amounts to.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "apid/helper/helper.h"
#include "apid/model/hub.h"
#include "apid/service/audit_trail.h"
#include "apid/service/event.h"
#include "common/error.h"

namespace wghub {

/// Units: mtu in bytes.
struct HubRequest {
  Network network;
  std::uint16_t listen_port = 51820;
  std::string endpoint;
  std::vector<Address> dns;
};

struct HubChange {
  std::optional<std::string> endpoint;
  std::optional<std::vector<Address>> dns;
};

struct HubChanged {
  HubConfig config;
  std::int64_t spokes_with_old_endpoint = 0;
};

class HubService {
 public:
  /// on_endpoint hears of the endpoint at the start and after every change (Host allow-list, commands' base URL).
  HubService(Stores& stores, AuditTrail& audit, EventSink& events, Helper& helper, std::uint32_t mtu,
             std::function<void(const std::string&)> on_endpoint);

  /// Errors: HUB_ALREADY_INITIALIZED, INVALID_CIDR, NETWORK_OVERLAP, INTERFACE_EXISTS, POLICY_MISMATCH,
  /// HELPER_UNAVAILABLE. A failed one changes nothing here and may be repeated.
  Outcome<HubConfig> initialize(const HubRequest& request, const Actor& actor);
  /// Errors: HUB_NOT_INITIALIZED.
  Outcome<HubConfig> config();
  Outcome<HubChanged> update(const HubChange& change, const Actor& actor);
  /// wg0.conf as wg-quick would want it, without the private key (D14).
  Outcome<std::string> show_conf();

 private:
  Stores& stores_;
  AuditTrail& audit_;
  EventSink& events_;
  Helper& helper_;
  std::uint32_t mtu_;
  std::function<void(const std::string&)> on_endpoint_;
  std::mutex initializing_;
};

/// The error that a configure outcome amounts to.
Error configure_error(const ConfigureAnswer& answer);

}  // namespace wghub

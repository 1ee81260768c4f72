// What the admin can set: /etc/wireguard-hub/apid.toml, and the environment variables of old installations over it
// (D22).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/address.h"

namespace wghub::app {

struct Configuration {
  std::string listen_address = "127.0.0.1";
  std::uint16_t port = 3000;
  std::string state_directory = "/var/lib/wireguard-hub";
  std::string database_path;  ///< empty: database.sqlite in the state directory
  std::string helper_socket = "/run/wireguard-hub/wgprivd.sock";
  std::string admin_socket = "/run/wireguard-hub-api/admin.sock";
  std::string share_directory = "/usr/share/wireguard-hub";
  std::string api_base_url;  ///< empty: https://<endpoint host>:<port>
  std::string cors_origin;
  std::int64_t token_lifetime = 24 * 60 * 60;  ///< seconds
  std::int64_t retention_days = 400;
  bool keep_foreign_peers = false;
  std::vector<Network> trusted_proxies;
  std::uint32_t interface_mtu = 1420;  ///< bytes
  std::string certificate;             ///< empty: made by apid in the state directory
  std::string certificate_key;
  bool allow_tls12 = false;
  std::size_t tokens_per_hour = 10;  ///< 0 switches a limit off, here and below
  std::size_t logins_per_15min = 5;
  std::size_t unknown_tokens_per_minute = 60;
  std::size_t metrics_spokes = 5000;    ///< spokes with series of their own in /api/metrics
  std::vector<Network> alert_networks;  ///< private ones that webhooks may be in
  std::string alert_ca_file;            ///< who vouches for webhooks and mail servers; empty: the system's
  std::string mail_server = "smtp://localhost:25";
  std::string mail_from;           ///< empty: wireguard-hub@ and the machine's name
  std::string mail_user;           ///< empty: without signing in
  std::string mail_password_file;  ///< read at start
  std::string backup_recipient;    ///< whbp_…; this and the next two are for `wghub backup create` alone
  std::string backup_directory = "/var/backups/wireguard-hub";
  std::int64_t backup_keep_days = 30;
};

using Environment = std::map<std::string, std::string>;

/// Reads the file (an absent one is empty) and the environment over it. Throws std::runtime_error naming file, line and
/// key for an unknown key or a bad value.
Configuration read_configuration(const std::string& path, const Environment& environment);

/// The variables that read_configuration knows, from this process's environment.
Environment known_environment();

/// Host of host:port or [v6]:port, without brackets' loss: "[fd00::1]" stays bracketed.
std::string host_of(const std::string& endpoint);

}  // namespace wghub::app

// What the doctor knows when its checks begin: plain values, so that a check is a pure function.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apid/app/configuration.h"
#include "common/address.h"

namespace wghub::cli {

/// A file that should be this one's alone, or an absent one.
struct FileFact {
  std::string path;
  bool is_there = false;
  unsigned mode = 0;       ///< permission bits
  unsigned forbidden = 0;  ///< those that it should not have
  std::string owner;
  std::string wanted_owner;  ///< empty: anybody
};

/// A socket at which somebody should listen.
struct SocketFact {
  std::string path;
  std::string unit;  ///< what makes it
  bool is_socket = false;
};

struct DiskFact {
  std::string path;
  std::uint64_t free_bytes = 0;
  std::uint64_t all_bytes = 0;
  std::uint64_t free_files = 0;
  std::uint64_t all_files = 0;  ///< 0: the file system counts none
};

struct CertificateFact {
  std::string path;
  bool is_readable = false;
  bool is_self_made = false;  ///< by apid: machines know it by its key, whatever its names
  std::int64_t days_left = 0;
  std::string host;  ///< by which machines call the hub
  bool names_host = false;
};

/// Who has the hub's UDP port; the kernel's WireGuard has no program.
struct PortUser {
  std::string program;
};

struct InterfaceFact {
  bool is_up = false;
  std::vector<Address> addresses;
};

/// How the URL of the commands answers from here.
struct UrlFact {
  std::string url;
  enum class Outcome { answers, refused_certificate, silent } outcome = Outcome::silent;
  std::string said;
};

/// A unit of the package: whether it is there, and whether it starts at boot.
struct UnitFact {
  std::string name;
  bool is_installed = false;
  bool is_enabled = false;
};

/// Nothing: could not be found out.
struct MachineFacts {
  std::optional<bool> module_loaded;  ///< the kernel's WireGuard
  bool module_installed = false;
  bool userspace_runs = false;
  std::optional<InterfaceFact> wg0;
  std::vector<Address> addresses;  ///< of all interfaces
  std::vector<PortUser> port_users;
  std::optional<bool> forwards;
  std::optional<bool> clock_is_synchronised;
  bool wg_quick_file = false;  ///< /etc/wireguard/wg0.conf
  bool has_systemd = false;
  std::vector<UnitFact> units;
  std::vector<SocketFact> sockets;
  std::vector<FileFact> files;
  std::vector<DiskFact> disks;
  std::optional<CertificateFact> certificate;
  std::vector<Address> endpoint_addresses;  ///< what the endpoint's host resolves to
  std::optional<UrlFact> url;
};

/// What the hub says of itself. Without configuration everything behind it is empty.
struct HubFacts {
  std::string unreachable;  ///< why apid does not answer; empty when it does
  std::string status;       ///< as /api/health/ready has it
  std::optional<std::int64_t> reconciled_seconds_ago;
  bool is_set_up = false;
  bool is_initialized = false;
  std::string endpoint;
  Network network;
  Address address;
  std::uint16_t port = 0;
  std::int64_t spokes = 0;
  std::int64_t active_spokes = 0;
  std::int64_t inactive_spokes = 0;
  std::int64_t waiting_spokes = 0;  ///< registered over ten minutes ago, never heard of
  std::int64_t open_tokens = 0;     ///< each holds an address
  std::int64_t alert_targets = 0;
  std::vector<std::string> failing_targets;    ///< alert targets that take nothing, with why
  std::vector<std::string> missing_peers;      ///< spokes whose key is not on the interface, in two looks
  std::vector<std::string> foreign_peers;      ///< keys on the interface that no spoke has, in two looks
  std::vector<std::string> ending_api_tokens;  ///< names of those that end within two weeks
};

struct Facts {
  std::string configuration_path;
  std::string configuration_fault;  ///< empty: apid takes the file
  std::optional<app::Configuration> configuration;
  MachineFacts machine;
  HubFacts hub;
};

}  // namespace wghub::cli

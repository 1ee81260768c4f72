// Finds out what of the machine concerns the hub. Reads only, and starts no program.
#pragma once

#include <string>

#include "apid/cli/doctor/facts.h"

namespace wghub::cli {

/// root: in front of the paths of /proc, /sys, /etc, /lib and /run; empty on a real machine.
std::optional<bool> read_forwarding(const std::string& root);
/// The kernel's WireGuard: loaded, there to be loaded, or beside it.
void read_kernel(MachineFacts& facts, const std::string& root);
std::vector<PortUser> users_of_port(const std::string& root, std::uint16_t port);
std::vector<UnitFact> read_units(const std::string& root);

FileFact look_at_file(const std::string& path, unsigned forbidden, const std::string& wanted_owner);
/// Of the file system that the folder is on; nothing when it is not there.
std::optional<DiskFact> look_at_disk(const std::string& path);
CertificateFact look_at_certificate(const std::string& path, const std::string& host);

/// Addresses of the interfaces, and wg0 among them.
void read_network(MachineFacts& facts);

/// The addresses that a name has, in the order in which they would be tried; those of a literal are itself.
std::vector<Address> resolve(const std::string& host);

/// GET of url + /api/health/live. certificate: the only one to trust, whatever its names; empty: the system's.
UrlFact look_at_url(const std::string& url, const std::string& certificate);

/// All of it.
MachineFacts gather_machine_facts(const Facts& known, const std::string& admin_socket);

}  // namespace wghub::cli

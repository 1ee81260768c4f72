// What of the machine itself stands in the hub's way: files, disk, clock, certificate, units.
#include <fmt/format.h>

#include "apid/cli/doctor/checks.h"

namespace wghub::cli {
namespace {

constexpr std::uint64_t kLeast = 100UL * 1024 * 1024;
constexpr std::uint64_t kPercent = 3;
constexpr std::int64_t kSoon = 14;  // days: certbot renews at 30

Finding look_at_configuration(const Facts& facts) {
  if (facts.configuration_fault.empty()) return good(facts.configuration_path + ": apid takes it");
  return wrong(facts.configuration_fault,
               "Mend it; wghub config check says when it is good. Then: systemctl restart "
               "wireguard-hub-api.");
}

Finding look_at_sockets(const Facts& facts) {
  std::string missing;
  std::string units;
  for (const auto& socket : facts.machine.sockets) {
    if (socket.is_socket) continue;
    missing += (missing.empty() ? "" : ", ") + socket.path;
    units += " " + socket.unit;
  }
  if (missing.empty()) return good("all are there");
  return wrong("not there: " + missing, "systemctl start" + units);
}

Finding look_at_clock(const Facts& facts) {
  const auto& synchronised = facts.machine.clock_is_synchronised;
  if (!synchronised) return unknown("the kernel does not say");
  if (*synchronised) return good("is kept by a time service");
  return wrong("is not kept by a time service: tokens and certificates go by it",
               "apt install systemd-timesyncd (or chrony); in a container see to the machine's: --skip clock.");
}

Finding look_at_certificate(const Facts& facts) {
  const auto& certificate = facts.machine.certificate;
  if (!certificate) return unknown("the configuration does not say which");
  if (!certificate->is_readable)
    return wrong(certificate->path + " cannot be read as a certificate",
                 "Put the certificate chain there as PEM, or take tls.certificate and tls.key out of the "
                 "configuration: the hub makes its own then.");
  const auto found = fmt::format("{} is good for {} days", certificate->path, certificate->days_left);
  if (certificate->days_left > kSoon) return good(found);
  return wrong(certificate->days_left < 0 ? certificate->path + " has ended" : found,
               "Renew it, and: systemctl reload wireguard-hub-api.");
}

Finding look_at_certificate_name(const Facts& facts) {
  const auto& certificate = facts.machine.certificate;
  if (!certificate || !certificate->is_readable || certificate->host.empty()) return unknown("nothing to compare");
  if (certificate->is_self_made) return good("the hub made it: machines know it by its key");
  if (facts.configuration && hears_this_machine_alone(*facts.configuration))
    return good("only the web server before apid sees it");
  if (certificate->names_host) return good("is for " + certificate->host);
  return wrong(certificate->path + " is not for " + certificate->host + ", by which machines call the hub",
               "Get one for that name, or set api_base_url to a name that it has.");
}

Finding look_at_files(const Facts& facts) {
  std::string faults;
  std::string advice;
  for (const auto& file : facts.machine.files) {
    if (!file.is_there) continue;
    const unsigned excess = file.mode & file.forbidden;
    if (excess != 0) {
      faults += fmt::format("{}{} has mode {:04o}", faults.empty() ? "" : "; ", file.path, file.mode);
      advice += fmt::format("{}chmod {:04o} {}", advice.empty() ? "" : "; ", file.mode & ~excess, file.path);
    }
    if (!file.wanted_owner.empty() && file.owner != file.wanted_owner) {
      faults += fmt::format("{}{} is {}'s", faults.empty() ? "" : "; ", file.path, file.owner);
      advice += fmt::format("{}chown {} {}", advice.empty() ? "" : "; ", file.wanted_owner, file.path);
    }
  }
  return faults.empty() ? good("belong to whom they should, and are shut to others") : wrong(faults, advice);
}

Finding look_at_disk(const Facts& facts) {
  std::string least;
  for (const auto& disk : facts.machine.disks) {
    const bool full = disk.free_bytes < kLeast || disk.free_bytes * 100 < disk.all_bytes * kPercent;
    if (full || disk.free_files * 100 < disk.all_files * kPercent)
      return wrong(fmt::format("{} has {} MiB and {} files left", disk.path, disk.free_bytes >> 20U, disk.free_files),
                   "Make room: what is not on the disk is not answered with success.");
    least += fmt::format("{}{} has {} MiB left", least.empty() ? "" : ", ", disk.path, disk.free_bytes >> 20U);
  }
  return least.empty() ? unknown("no folder of the hub is there") : good(least);
}

Finding look_at_boot(const Facts& facts) {
  std::string off;
  bool any = false;
  for (const auto& unit : facts.machine.units) {
    any = any || unit.is_installed;
    if (unit.is_installed && !unit.is_enabled) off += " " + unit.name;
  }
  if (!facts.machine.has_systemd || !any) return unknown("the hub is not run by systemd here");
  if (off.empty()) return good("the hub starts with the machine");
  return wrong("do not start with the machine:" + off, "systemctl enable" + off);
}

}  // namespace

std::vector<Check> machine_checks() {
  return {{"configuration", "whether apid takes its file", look_at_configuration},
          {"files", "whether secrets are shut to others", look_at_files},
          {"disk", "whether there is room", look_at_disk},
          {"clock", "whether a time service keeps it", look_at_clock},
          {"boot", "whether the hub starts with the machine", look_at_boot},
          {"sockets", "whether the daemons can be reached", look_at_sockets},
          {"certificate", "whether it ends soon", look_at_certificate},
          {"certificate-name", "whether it is for the hub's name", look_at_certificate_name}};
}

}  // namespace wghub::cli

#include "apid/cli/doctor/machine_facts.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include <array>
#include <filesystem>
#include <fstream>

namespace wghub::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto kPrivilegedState = "/var/lib/wireguard-hub-privileged";
constexpr std::array kUnits = {"wireguard-hub-api.service", "wireguard-hub-wgprivd.socket",
                               "wireguard-hub-engine.socket", "wireguard-hub-restore.service",
                               "wireguard-hub-isolate.service"};

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string owner_name(uid_t uid) {
  const passwd* entry = ::getpwuid(uid);  // NOLINT(concurrency-mt-unsafe): no other thread
  return entry != nullptr ? entry->pw_name : std::to_string(uid);
}

bool is_enabled(const std::string& root, const std::string& unit) {
  std::error_code fault;
  for (const auto& entry : fs::directory_iterator(root + "/etc/systemd/system", fault)) {
    const auto kind = entry.path().extension();
    if ((kind == ".wants" || kind == ".requires") && fs::is_symlink(entry.path() / unit, fault)) return true;
  }
  return false;
}

std::vector<FileFact> look_at_files(const Facts& known) {
  const auto folder = fs::path(known.configuration_path).parent_path().string();
  std::vector<FileFact> files = {look_at_file(known.configuration_path, 0027, "root"),
                                 look_at_file(folder + "/kek", 0077, "root"),
                                 look_at_file(kPrivilegedState, 0077, "wgprivd")};
  if (!known.configuration) return files;
  const auto& configuration = *known.configuration;
  files.push_back(look_at_file(configuration.state_directory, 0027, "wghub"));
  for (const char* ending : {"", "-wal", "-shm"})
    files.push_back(look_at_file(configuration.database_path + ending, 0037, "wghub"));
  files.push_back(configuration.certificate.empty()
                      ? look_at_file(configuration.state_directory + "/tls/key.pem", 0077, "wghub")
                      : look_at_file(configuration.certificate_key, 0027, ""));
  return files;
}

std::vector<SocketFact> look_at_sockets(const app::Configuration& configuration, const std::string& admin_socket) {
  const auto folder = fs::path(configuration.helper_socket).parent_path().string();
  std::vector<SocketFact> sockets = {{configuration.helper_socket, "wireguard-hub-wgprivd.socket"},
                                     {folder + "/engine.sock", "wireguard-hub-engine.socket"},
                                     {admin_socket, "wireguard-hub-api.service"}};
  std::error_code ignored;
  for (auto& socket : sockets) socket.is_socket = fs::is_socket(socket.path, ignored);
  return sockets;
}

// As apid makes it for commands.
std::string base_url(const app::Configuration& configuration, const HubFacts& hub) {
  if (!configuration.api_base_url.empty()) return configuration.api_base_url;
  return "https://" + app::host_of(hub.endpoint) + ":" + std::to_string(configuration.port);
}

std::string without_brackets(const std::string& host) {
  return host.size() > 2 && host.front() == '[' ? host.substr(1, host.size() - 2) : host;
}

std::string host_of_url(const std::string& url) {
  const auto authority = url.substr(std::string_view("https://").size());
  const auto end = authority.find_first_of(":/", authority.starts_with('[') ? authority.find(']') : 0);
  return without_brackets(authority.substr(0, end));
}

std::optional<bool> is_clock_synchronised() {
  timex clock{};
  const int state = ::adjtimex(&clock);
  if (state < 0) return std::nullopt;
  return state != TIME_ERROR && (static_cast<unsigned>(clock.status) & unsigned{STA_UNSYNC}) == 0;
}

void gather_ways_in(MachineFacts& facts, const app::Configuration& configuration, const HubFacts& hub) {
  const bool self_made = configuration.certificate.empty();
  const auto certificate =
      self_made ? configuration.state_directory + "/tls/certificate.pem" : configuration.certificate;
  const auto url = hub.is_initialized || !configuration.api_base_url.empty() ? base_url(configuration, hub) : "";
  facts.certificate = look_at_certificate(certificate, url.empty() ? "" : host_of_url(url));
  facts.certificate->is_self_made = self_made;
  if (url.empty()) return;
  // Before a web server of its own name, apid's certificate is that server's to check.
  facts.url = look_at_url(url, self_made && configuration.api_base_url.empty() ? certificate : "");
}

}  // namespace

std::optional<bool> read_forwarding(const std::string& root) {
  std::ifstream file(root + "/proc/sys/net/ipv4/ip_forward");
  int value = 0;
  return file >> value ? std::optional(value != 0) : std::nullopt;
}

void read_kernel(MachineFacts& facts, const std::string& root) {
  if (exists(root + "/sys/module")) facts.module_loaded = exists(root + "/sys/module/wireguard");
  utsname system{};
  ::uname(&system);
  const auto module = root + "/lib/modules/" + system.release + "/kernel/drivers/net/wireguard/wireguard.ko";
  for (const char* ending : {"", ".xz", ".gz", ".zst"})
    facts.module_installed = facts.module_installed || exists(module + ending);
  facts.userspace_runs = exists(root + "/run/wireguard/wg0.sock");
}

std::vector<UnitFact> read_units(const std::string& root) {
  std::vector<UnitFact> units;
  for (const std::string name : kUnits) {
    UnitFact unit{name};
    for (const char* folder : {"/etc", "/usr/lib", "/lib"})
      unit.is_installed = unit.is_installed || exists(fmt::format("{}{}/systemd/system/{}", root, folder, name));
    unit.is_enabled = is_enabled(root, name);
    units.push_back(unit);
  }
  return units;
}

FileFact look_at_file(const std::string& path, unsigned forbidden, const std::string& wanted_owner) {
  FileFact fact{path};
  struct stat status {};
  fact.is_there = ::stat(path.c_str(), &status) == 0;
  fact.mode = status.st_mode & 07777U;
  fact.forbidden = forbidden;
  fact.owner = fact.is_there ? owner_name(status.st_uid) : "";
  fact.wanted_owner = wanted_owner;
  return fact;
}

std::optional<DiskFact> look_at_disk(const std::string& path) {
  struct statvfs status {};
  if (::statvfs(path.c_str(), &status) != 0) return std::nullopt;
  return DiskFact{path, status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize, status.f_favail,
                  status.f_files};
}

MachineFacts gather_machine_facts(const Facts& known, const std::string& admin_socket) {
  MachineFacts facts;
  read_kernel(facts, "");
  read_network(facts);
  facts.forwards = read_forwarding("");
  facts.clock_is_synchronised = is_clock_synchronised();
  facts.wg_quick_file = exists("/etc/wireguard/wg0.conf");
  facts.has_systemd = exists("/run/systemd/system");
  facts.units = read_units("");
  facts.files = look_at_files(known);
  if (const auto disk = look_at_disk(kPrivilegedState)) facts.disks.push_back(*disk);
  if (known.hub.is_initialized) {
    facts.port_users = users_of_port("", known.hub.port);
    facts.endpoint_addresses = resolve(without_brackets(app::host_of(known.hub.endpoint)));
  }
  if (!known.configuration) return facts;
  if (const auto disk = look_at_disk(known.configuration->state_directory)) facts.disks.push_back(*disk);
  facts.sockets = look_at_sockets(*known.configuration, admin_socket);
  gather_ways_in(facts, *known.configuration, known.hub);
  return facts;
}

}  // namespace wghub::cli

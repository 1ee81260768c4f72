// wghub import: the peers of another WireGuard server become spokes of this hub. Leaves files to import/found.h,
// judgement to import/plan.h and the hub.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "apid/cli/backup/hub_state.h"
#include "apid/cli/backup/services.h"
#include "apid/cli/families.h"
#include "apid/cli/import/found.h"
#include "apid/cli/import/plan.h"
#include "apid/cli/output.h"

namespace wghub::cli {
namespace {

using State = PlannedPeer::State;

const char* word_of(State state) {
  switch (state) {
    case State::good:
      return "new";
    case State::present:
      return "present";
    case State::left_out:
      return "left out";
    case State::bad:
      return "wrong";
  }
  return "";
}

// Wiped behind its use: there are keys in it.
Secret read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw Fault(Exit::not_found, fmt::format("{}: {}", path, std::strerror(errno)));
  std::string text(kLargestImport + 1, '\0');
  std::size_t size = 0;
  for (ssize_t got = 0;
       size < text.size() && (got = ::read(file.get(), text.data() + size, text.size() - size)) != 0;) {
    if (got < 0) throw Fault(Exit::wrong_use, fmt::format("{}: {}", path, std::strerror(errno)));
    size += static_cast<std::size_t>(got);
  }
  if (size > kLargestImport) throw Fault(Exit::wrong_use, path + ": is longer than 16 MiB");
  text.resize(size);
  return Secret(std::move(text));
}

ImportFormat wanted_format(const Given& given, std::string_view text) {
  if (!given.has("--format")) return format_of(text);
  return given.text("--format") == "wg-easy" ? ImportFormat::wg_easy : ImportFormat::wg;
}

// The server's public key by its private one in the file; empty when there is none.
std::string server_key(std::string_view text, ImportFormat format) {
  SecretKey key;
  const auto known = read_server_key(text, format, key) ? public_key_of(key) : std::nullopt;
  return known ? to_base64(*known) : "";
}

std::string secrets_in_words(const std::vector<FoundSecret>& secrets) {
  std::map<std::string, std::vector<std::size_t>> lines;
  for (const auto& secret : secrets) lines[secret.what].push_back(secret.line);
  std::string text;
  for (const auto& [what, places] : lines)
    text += fmt::format("{}: in line {}; not taken over\n", what, fmt::join(places, ", "));
  return text;
}

void show_table(const std::vector<PlannedPeer>& peers, const Found& found) {
  Table table({"LINE", "WHAT", "ADDRESS", "PUBLIC KEY", "NAME", "REMARK"});
  for (const auto& peer : peers)
    table.add({std::to_string(peer.line), word_of(peer.state), peer.address.empty() ? "-" : peer.address,
               peer.public_key.empty() ? "-" : peer.public_key, peer.name.empty() ? "-" : printable(peer.name),
               peer.remark.empty() ? "-" : printable(peer.remark)});
  write_to(stdout, table.text() + secrets_in_words(found.secrets));
}

void show_json(const std::vector<PlannedPeer>& peers, const Found& found, bool is_applied) {
  boost::json::array told;
  for (const auto& peer : peers)
    told.push_back({{"line", peer.line},
                    {"outcome", word_of(peer.state)},
                    {"name", peer.name},
                    {"publicKey", peer.public_key},
                    {"address", peer.address},
                    {"remark", peer.remark}});
  boost::json::array secrets;
  for (const auto& secret : found.secrets) secrets.push_back({{"line", secret.line}, {"what", secret.what}});
  print_json(boost::json::object{{"peers", std::move(told)}, {"secrets", std::move(secrets)}, {"applied", is_applied}});
}

// What the machines need so that they find this hub.
void complain_about_key(const std::string& of_file, const std::string& of_hub) {
  if (of_file == of_hub) return;
  complain(of_file.empty()
               ? "the file does not say which server's key the peers know; this hub's is " + of_hub
               : "the peers know the key " + of_file + ", and this hub's is " + of_hub +
                     ": each of them must be given that one, or a new hub the server's key before it is initialised "
                     "(--take-server-key)");
}

std::size_t count(const std::vector<PlannedPeer>& peers, State state) {
  return static_cast<std::size_t>(
      std::count_if(peers.begin(), peers.end(), [state](const auto& peer) { return peer.state == state; }));
}

Exit finish(const Task& task, const Found& found, const std::vector<PlannedPeer>& peers) {
  const bool applies = task.given.has("--apply");
  const auto bad = count(peers, State::bad);
  const bool may = bad == 0 || task.given.has("--skip-bad");
  if (task.format == Format::table) show_table(peers, found);
  if (applies && may) {
    const auto applied = apply(task.hub, peers);
    if (!applied) return applied.error();
  }
  if (task.format == Format::json) show_json(peers, found, applies && may);
  const auto good = count(peers, State::good);
  if (applies && may)
    complain(fmt::format("{} became spokes", good));
  else if (applies)
    complain(fmt::format("{} are wrong, so nothing was changed: put them right, or --skip-bad", bad));
  else
    complain(fmt::format("{} would become spokes, {} are wrong; nothing was changed: --apply", good, bad));
  return bad == 0 || (applies && may) ? Exit::done : Exit::faulty;
}

// The server's key becomes the hub's: the machines that know it need no change at all.
Exit take_server_key(const Task& task, std::string_view text, ImportFormat format) {
  require_root("import --take-server-key");
  HubSecrets secrets;
  SecretKey key;
  const auto known = read_server_key(text, format, key) ? public_key_of(key) : std::nullopt;
  if (!known) throw Fault(Exit::faulty, "the file has no private key of the server");
  secrets.content.private_key = key.bytes;
  secrets.content.checksum = checksum_of(secrets.content);
  const auto hub = places_of(task.given.text("--config"));
  Pause pause(hub.settings.admin_socket);
  take_secrets(hub, secrets);
  note_for_the_log("the key of another server became the hub's: " + to_base64(*known));
  pause.end();
  write_to(stdout, "The hub's key is now that of the file: " + to_base64(*known) +
                       "\nInitialise it with the server's network, port and endpoint; then import the peers.\n");
  return Exit::done;
}

Exit import(const Task& task) {
  if (task.given.has("--apply") && task.given.has("--dry-run"))
    throw Fault(Exit::wrong_use, "--apply or --dry-run: one of them");
  const auto file = read_file(task.given.text("FILE"));
  const auto format = wanted_format(task.given, file.reveal());
  if (task.given.has("--take-server-key")) return take_server_key(task, file.reveal(), format);
  const auto found = format == ImportFormat::wg ? read_wg(file.reveal()) : read_wg_easy(file.reveal());
  const auto config = ask(task.hub, "GET", "/api/hub/config");
  if (!config) return config.error();
  const auto network = parse_network(in_words(config->at("networkCIDR")));
  if (!network) throw Fault(Exit::unreachable, "what answered is not the hub, or another version of it");
  auto peers =
      plan(found, *network, task.given.has("--drop-preshared-keys") ? PresharedKeys::drop : PresharedKeys::refuse);
  const auto asked = ask_hub(task.hub, peers);
  if (!asked) return asked.error();
  complain_about_key(server_key(file.reveal(), format), in_words(config->at("publicKey")));
  return finish(task, found, peers);
}

}  // namespace

Command import_command() {
  return {"import",
          "make spokes of another WireGuard server's peers; says what would be done unless --apply is given",
          {{"FILE", "its wg0.conf, or wg-easy's wg0.json", Need::required},
           {"--format", "of the file; else it is seen", Need::optional, {"wg", "wg-easy", "wgdashboard"}},
           {"--dry-run", "change nothing, which is the preset", Need::flag},
           {"--apply", "do it; nothing is changed when a peer is wrong", Need::flag},
           {"--skip-bad", "leave out the peers that are wrong", Need::flag},
           {"--drop-preshared-keys", "take peers with a preshared key, which their machines must lose", Need::flag},
           {"--take-server-key", "for root, before the hub is initialised: only make the server's key the hub's",
            Need::flag},
           {"--config", "apid's configuration, for --take-server-key", Need::optional, {}, kUsualConfiguration}},
          [](const Task& task) { return guarded(import, task); }};
}

}  // namespace wghub::cli

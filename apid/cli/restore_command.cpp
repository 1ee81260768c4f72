// wghub restore: puts a backup on a machine that has no hub yet. Nothing is changed before the whole of it was looked
// through. Leaves the parts to backup/.
#include <fmt/format.h>

#include "apid/cli/backup/hub_state.h"
#include "apid/cli/backup/opened.h"
#include "apid/cli/backup/services.h"
#include "apid/cli/families.h"
#include "apid/cli/output.h"

namespace wghub::cli {
namespace {

constexpr auto kDone = "done";

// In the child, as wghub. What is in the backup's configuration says where; the child may write what wghub may.
void restore_in_child(const std::string& configuration, const Channel& parent) {
  const auto database = take_database(parent);
  const auto text = parent.receive_text(kLargestText);
  const auto hub = places_by(configuration, text);
  if (store::is_in_use(hub.settings.database_path))
    throw Fault(Exit::refused,
                hub.settings.database_path + ": there is a hub on this machine already; nothing was changed");
  parent.send_text(kDone);
  store_api_state(hub, database, parent);
}

// The configuration that will be: the backup's, or with --keep-config the one that is here.
std::string configuration_for(const Task& task, const SmallParts& parts) {
  const bool keeps = task.given.has("--keep-config");
  return keeps || parts.configuration.empty() ? read_small_file(task.given.text("--config")) : parts.configuration;
}

// Before anything is stopped, made or changed.
void refuse_a_hub(Opened& opened, const std::string& configuration) {
  opened.child.speak([&](const Channel& child) {
    child.send_text(configuration);
    child.receive_text(kLargestText);
  });
}

void put_in_place(Opened& opened, const HubPlaces& hub, const std::string& configuration) {
  make_ready(hub);
  take_secrets(hub, opened.parts.secrets);
  opened.child.speak([&](const Channel& child) {
    child.send_text(opened.parts.certificate);
    child.send_text(opened.parts.certificate_key);
    child.receive_text(kLargestText);
  });
  opened.child.finish();
  store_configuration(hub, configuration);
}

void say_what_next(const Opened& opened, const HubPlaces& hub, bool is_started) {
  const auto& made = opened.parts.manifest.created_at;
  std::string text = "\nThe hub is as it was at " + made + (is_started ? ", and runs.\n" : ".\n");
  if (!is_started) text += "- Start it: deploy/quickstart, or the units wireguard-hub-*.\n";
  text += fmt::format(
      "- Spokes come to {} by themselves, those that send within seconds, silent ones within three minutes:\n"
      "  that name or address must lead here, and UDP be let through. If it cannot, change the endpoint (PUT "
      "/api/hub/config) and reissue the spokes.\n",
      opened.facts.endpoint);
  text += "- The old machine must not come back with the same key.\n";
  if (!hub.settings.certificate.empty())
    text += "- apid wants the certificate " + hub.settings.certificate + ", which no backup holds.\n";
  text += fmt::format(
      "- What was revoked, removed or changed after {} is as it was before: look at tokens, API tokens,\n"
      "  users and spokes. Everybody has to sign in again.\n- wghub doctor says what is still wrong.\n",
      made);
  write_to(stdout, text);
}

Exit restore(const Task& task) {
  require_root("restore");
  const auto& configuration = task.given.text("--config");
  const auto opened =
      look_through(task.given, "wghub", [&](const Channel& parent) { restore_in_child(configuration, parent); });
  const auto text = configuration_for(task, opened->parts);
  const auto hub = places_by(configuration, text);
  refuse_a_hub(*opened, text);
  show(task.format, opened->summary());
  Pause pause(hub.settings.admin_socket);
  put_in_place(*opened, hub, text);
  note_for_the_log("the backup of " + opened->parts.manifest.created_at + " was restored");
  const bool is_started = pause.end();
  if (task.format == Format::table) say_what_next(*opened, hub, is_started);
  return Exit::done;
}

}  // namespace

Command restore_command() {
  return {"restore",
          "for root: put a backup on a machine that has no hub yet, and start it",
          {{"FILE", "the backup", Need::required},
           {"--passphrase-file", "the passphrase is its first line; else it is asked for"},
           {"--key-file", "of a recipient, as `wghub backup key` made it"},
           {"--config", "where apid's configuration is to be", Need::optional, {}, kUsualConfiguration},
           {"--keep-config", "leave the configuration that is there", Need::flag}},
          [](const Task& task) { return guarded(restore, task); }};
}

}  // namespace wghub::cli

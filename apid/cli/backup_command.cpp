// wghub backup: the whole hub in one encrypted file, made while it runs, and looked through again. Leaves the file's
// format to backup/, and putting it back to restore_command.cpp.
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <ctime>

#include "apid/cli/backup/hub_state.h"
#include "apid/cli/backup/keys.h"
#include "apid/cli/backup/nightly.h"
#include "apid/cli/backup/opened.h"
#include "apid/cli/backup/output_file.h"
#include "apid/cli/families.h"
#include "apid/cli/output.h"
#include "apid/cli/request.h"
#include "common/version.h"

namespace wghub::cli {
namespace {

std::string machine_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

// For whom, and into which file.
struct Wanted {
  std::string file;
  std::string recipient;  ///< empty: a passphrase
  bool is_nightly = false;
};

Wanted wanted(const Task& task, const HubPlaces& hub) {
  Wanted made{task.given.text("FILE"), task.given.text("--recipient"), false};
  const bool has_passphrase = task.given.has("--passphrase-file");
  if (!made.recipient.empty() && has_passphrase)
    throw Fault(Exit::wrong_use, "--recipient or --passphrase-file: one of them");
  if (!made.file.empty()) return made;
  if (made.recipient.empty() && !has_passphrase) made.recipient = hub.settings.backup_recipient;
  if (made.recipient.empty() && !has_passphrase)
    throw Fault(Exit::wrong_use, "name a file, or set backup.recipient in " + hub.configuration +
                                     " for backups that nobody has to be asked for");
  made.file = nightly_name(hub.settings.backup_directory, std::time(nullptr));
  made.is_nightly = true;
  return made;
}

std::variant<Secret, PublicKey> lock_of(const Task& task, const Wanted& want) {
  if (want.recipient.empty()) return read_passphrase(task.given.text("--passphrase-file"), Passphrase::chosen);
  const auto key = parse_recipient(want.recipient);
  if (!key) throw Fault(Exit::wrong_use, "the recipient is no key of `wghub backup key`, which begins with whbp_");
  return *key;
}

void write_backup(EnvelopeWriter& writer, SmallParts& parts, Worker& api) {
  parts.certificate = api.speak([](const Channel& child) { return child.receive_text(kLargestText); });
  parts.certificate_key = api.speak([](const Channel& child) { return child.receive_text(kLargestText); });
  auto left = api.speak(
      [](const Channel& child) { return child.receive_size(static_cast<std::uint64_t>(store::kLargestDatabase)); });
  write_parts(writer, parts, left);
  std::vector<std::uint8_t> piece(std::size_t{1} << 20);
  while (left > 0) {
    const auto part = std::span(piece).first(std::min<std::uint64_t>(left, piece.size()));
    api.speak([&](const Channel& child) { child.receive_piece(part); });
    writer.write(part);
    left -= part.size();
  }
  api.finish();
  writer.finish();
}

Exit create(const Task& task) {
  require_root("backup create");
  const auto hub = places_of(task.given.text("--config"));
  const auto want = wanted(task, hub);
  Worker api("wghub", [&](const Channel& parent) { give_api_state(hub, parent); });
  OutputFile file(want.file);
  const auto lock = lock_of(task, want);
  SmallParts parts;
  parts.manifest = {std::string(kVersion), fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))),
                    machine_name()};
  parts.configuration = read_small_file(hub.configuration);
  give_secrets(hub, parts.secrets);
  EnvelopeWriter writer(file.descriptor(), lock);
  write_backup(writer, parts, api);
  const auto size = file.finish();
  note_for_the_log("the hub's key and database went into the backup " + want.file);
  if (want.file == "-") return Exit::done;
  const auto removed = want.is_nightly ? remove_old(hub.settings.backup_directory, hub.settings.backup_keep_days) : 0;
  if (task.format == Format::json)
    print_json(boost::json::object{{"file", want.file}, {"bytes", size}, {"removed", removed}});
  else
    write_to(stdout, fmt::format("{}: {}{}\n", want.file, in_bytes(size),
                                 removed == 0 ? "" : fmt::format("; {} older ones were removed", removed)));
  return Exit::done;
}

Exit verify(const Task& task) {
  const auto opened = look_through(task.given, ::geteuid() == 0 ? "nobody" : "",
                                   [](const Channel& parent) { static_cast<void>(take_database(parent)); });
  opened->child.finish();
  show(task.format, opened->summary());
  return Exit::done;
}

Exit make_recipient(const Task& task) {
  SecretKey key;
  const auto recipient = make_key(key) ? public_key_of(key) : std::nullopt;
  if (!recipient) throw Fault(Exit::faulty, "no key can be made");
  OutputFile file(task.given.text("FILE"));
  const auto text = secret_key_text(key);
  const std::string line(text.reveal());  // short-lived, as the process
  if (::write(file.descriptor().get(), line.data(), line.size()) != std::ssize(line) ||
      ::write(file.descriptor().get(), "\n", 1) != 1)
    throw Fault(Exit::faulty, "the key cannot be written");
  file.finish();
  if (task.format == Format::json)
    print_json(boost::json::object{{"recipient", recipient_text(*recipient)}, {"file", task.given.text("FILE")}});
  else
    write_to(stdout, recipient_text(*recipient) + "\n");
  complain("keep the file away from the hub: whoever has it opens every backup for this recipient");
  return Exit::done;
}

}  // namespace

Exit guarded(Exit (*run)(const Task&), const Task& task) {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  try {
    if (sodium_init() < 0) throw Fault(Exit::faulty, "libsodium cannot start");
    return run(task);
  } catch (const Fault& fault) {
    if (*fault.what() != '\0') complain(printable(fault.what()));
    return fault.exit;
  } catch (const std::exception& fault) {
    complain(printable(fault.what()));
    return Exit::faulty;
  }
}

Group backup_commands() {
  const Argument configuration{"--config", "apid's configuration", Need::optional, {}, kUsualConfiguration};
  const Argument file{"FILE", "the backup", Need::required};
  const Argument passphrase{"--passphrase-file", "the passphrase is its first line; else it is asked for"};
  const Argument key{"--key-file", "of a recipient, as `wghub backup key` made it"};
  return {"backup",
          "the whole hub in one encrypted file",
          {{"create",
            "for root: make one while the hub runs; without FILE as the configuration says, old ones are removed",
            {{"FILE", "the file, which must not be there yet; - is stdout"},
             {"--recipient", "encrypt to this key (whbp_…), instead of a passphrase"},
             passphrase,
             configuration},
            [](const Task& task) { return guarded(create, task); }},
           {"verify",
            "open one, look through everything in it, and say what it is",
            {file, passphrase, key},
            [](const Task& task) { return guarded(verify, task); }},
           {"key",
            "make the key pair of a recipient: its private half into FILE, its public half on stdout",
            {{"FILE", "the file, which must not be there yet", Need::required}},
            [](const Task& task) { return guarded(make_recipient, task); }}}};
}

}  // namespace wghub::cli

#include "apid/cli/backup/opened.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "apid/cli/backup/keys.h"

namespace wghub::cli {
namespace {

void unlock(EnvelopeReader& reader, const Given& given) {
  if (reader.needs_passphrase()) {
    if (given.has("--key-file")) throw Fault(Exit::wrong_use, "this backup opens with a passphrase, not with a key");
    return reader.open(read_passphrase(given.text("--passphrase-file"), Passphrase::known));
  }
  if (!given.has("--key-file"))
    throw Fault(Exit::wrong_use, "this backup is for " + recipient_text(reader.recipient()) + ": name its --key-file");
  SecretKey key;
  read_secret_key(given.text("--key-file"), key);
  reader.open(key);
}

PublicKey key_in(const SmallParts& parts) {
  SecretKey key;
  key.bytes = parts.secrets.content.private_key;
  return public_key_of(key).value_or(PublicKey());
}

}  // namespace

std::unique_ptr<Opened> look_through(const Given& given, const std::string& user, const Worker::Work& work) {
  const auto& path = given.text("FILE");
  const Descriptor file(path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                    : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw Fault(Exit::not_found, fmt::format("{}: {}", path, std::strerror(errno)));
  EnvelopeReader reader(file);
  auto opened = std::make_unique<Opened>(user, work);
  unlock(reader, given);
  opened->database_bytes = read_parts(reader, opened->parts);
  opened->facts = pass_database(reader, opened->database_bytes, opened->child);
  opened->hub_key = key_in(opened->parts);
  const auto& facts = opened->facts;
  if (!facts.hub_public_key.empty() && facts.hub_public_key != to_base64(opened->hub_key))
    throw Fault(Exit::faulty, "the backup's hub key and database are of two hubs");
  if (facts.schema > store::newest_schema())
    throw Fault(Exit::faulty, fmt::format("the backup is of version {}, whose database this one cannot read: install "
                                          "that version or a newer one",
                                          opened->parts.manifest.version));
  return opened;
}

Lines Opened::summary() const {
  const auto& manifest = parts.manifest;
  return {{"made", manifest.created_at},
          {"on", manifest.machine},
          {"by version", manifest.version},
          {"hub", to_base64(hub_key)},
          {"network", facts.network.empty() ? "-" : facts.network},
          {"endpoint", facts.endpoint.empty() ? "-" : facts.endpoint},
          {"spokes", std::to_string(facts.spokes)},
          {"users", std::to_string(facts.users)},
          {"audit events", std::to_string(facts.events)},
          {"schema", std::to_string(facts.schema)},
          {"database", in_bytes(static_cast<std::int64_t>(database_bytes))},
          {"configuration", in_bytes(static_cast<std::int64_t>(parts.configuration.size()))},
          {"certificate", parts.certificate.empty() ? "none of apid's own" : "apid's own"}};
}

void show(Format format, const Lines& lines) {
  if (format == Format::table) {
    write_to(stdout, aligned(lines));
    return;
  }
  boost::json::object object;
  for (const auto& [name, value] : lines) object[name] = value;
  print_json(object);
}

}  // namespace wghub::cli

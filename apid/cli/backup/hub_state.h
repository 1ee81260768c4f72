// The state of the hub on this machine, as a backup takes it and a restore puts it there: each part by the user whose
// it is. Leaves order and words to the commands.
#pragma once

#include <string>

#include "apid/app/configuration.h"
#include "apid/cli/backup/contents.h"
#include "apid/cli/backup/worker.h"
#include "apid/store/database_image.h"

namespace wghub::cli {

inline constexpr auto kUsualConfiguration = "/etc/wireguard-hub/apid.toml";

/// Where everything is.
struct HubPlaces {
  std::string configuration;
  std::string sealing_key;     ///< kek, beside the configuration
  std::string engine_state;    ///< directory
  std::string engine_program;  ///< empty: not found
  app::Configuration settings;
};

/// By a configuration file that is there. Errors, here and below: Fault.
HubPlaces places_of(const std::string& configuration);
/// By the text that such a file will have.
HubPlaces places_by(const std::string& configuration, const std::string& text);

/// Errors: Fault when this is not root.
void require_root(const char* what);

/// A line in the machine's log for those who watch over it (facility authpriv): what only root can do, and apid never
/// sees.
void note_for_the_log(const std::string& what);

/// Reads a file of at most kLargestText bytes; empty when there is none.
std::string read_small_file(const std::string& path);

/// In a child as wghub: gives certificate, its key, and the database after looking through it.
void give_api_state(const HubPlaces& places, const Channel& parent);

/// In a child as wghub: tells what is in the database after looking through it; and the other side.
void give_facts(const HubPlaces& places, const Channel& parent);
store::DatabaseFacts take_facts(Worker& child);

/// In a child: takes a database, looks through it, and tells what is in it. Returns the bytes.
std::vector<std::uint8_t> take_database(const Channel& parent);
/// The other side: passes on the database out of a backup, to its end; returns what the child tells.
store::DatabaseFacts pass_database(EnvelopeReader& reader, std::uint64_t size, Worker& child);

/// In a child as wghub, after take_database: takes certificate and key, and puts everything in its place.
void store_api_state(const HubPlaces& places, const std::vector<std::uint8_t>& database, const Channel& parent);

/// By the engine's program, as wgprivd: the hub's key and policy. Errors: Fault; take_secrets also when there is
/// another key already.
void give_secrets(const HubPlaces& places, HubSecrets& secrets);
void take_secrets(const HubPlaces& places, const HubSecrets& secrets);

/// As root: folders of both daemons, the key-encryption key and the configuration, where they are missing; a
/// configuration that differs is kept as FILE.before-restore.
void make_ready(const HubPlaces& places);
void store_configuration(const HubPlaces& places, const std::string& text);

}  // namespace wghub::cli

#include "apid/cli/families.h"

namespace wghub::cli {

std::vector<Group> all_commands() {
  return {hub_commands(),     spoke_commands(),     token_commands(), cluster_commands(), user_commands(),
          session_commands(), api_token_commands(), alert_commands(), audit_commands(),   config_commands(),
          backup_commands(),  db_commands(),        other_commands()};
}

std::vector<Argument> global_arguments() {
  return {{"--socket", "apid's local socket, for root on the hub", Need::optional, {}, Target().socket},
          {"--url", "the hub elsewhere, https://HOST[:PORT]; needs --token-file"},
          {"--token-file", "a file with an API token of that hub"},
          {"--ca-file", "who may vouch for that hub's certificate, or the certificate itself"}};
}

}  // namespace wghub::cli

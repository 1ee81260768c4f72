// The commands of wghub, a family a file.
#pragma once

#include <vector>

#include "apid/cli/command.h"

namespace wghub::cli {

Group hub_commands();
Group spoke_commands();
Group token_commands();
Group cluster_commands();
Group user_commands();
Group session_commands();
Group api_token_commands();
Group alert_commands();
Group audit_commands();
Group config_commands();
Group backup_commands();
Group db_commands();
Command restore_command();
Command import_command();
/// Those that stand alone.
Group other_commands();

/// All of them, in the order in which help shows them.
std::vector<Group> all_commands();

/// Runs what tells its failure by a Fault; told on stderr.
Exit guarded(Exit (*run)(const Task&), const Task& task);

/// The arguments that go with every command.
std::vector<Argument> global_arguments();

}  // namespace wghub::cli

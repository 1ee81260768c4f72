#include "apid/cli/arguments.h"

#include <CLI/CLI.hpp>
#include <map>

#include "apid/cli/families.h"

namespace wghub::cli {
namespace {

// A value of its own for each argument that was declared, by the command it goes with.
struct Slots {
  std::map<const Command*, std::map<std::string, std::string>> of;
};

void declare(CLI::App& app, const Argument& argument, std::string& value) {
  value = argument.preset;
  if (argument.need == Need::flag) {
    app.add_flag(argument.name, value, argument.what);
    return;
  }
  auto* option = app.add_option(argument.name, value, argument.what);
  if (argument.need == Need::required) option->required();
  if (!argument.preset.empty()) option->capture_default_str();
  if (!argument.choices.empty()) option->check(CLI::IsMember(argument.choices));
  if (argument.range) option->check(CLI::Range(argument.range->first, argument.range->second));
}

void declare(CLI::App& parent, const Command& command, Slots& slots, Wish& wish) {
  auto* app = parent.add_subcommand(command.name, command.what);
  auto& values = slots.of[&command];
  for (const auto& argument : command.arguments) declare(*app, argument, values[argument.name]);
  app->callback([&wish, &command] { wish.command = &command; });
}

}  // namespace

std::variant<Wish, Exit> read_arguments(const std::vector<Group>& groups, int argc, char** argv) {
  CLI::App app("wghub: administers a WireGuard Hub, on its machine as root or from elsewhere by HTTPS", "wghub");
  app.require_subcommand(1);
  app.fallthrough();  // of the global options, which may stand anywhere
  app.set_version_flag("--version", "wghub " WGHUB_VERSION);
  app.set_help_all_flag("--help-all", "print the help of every command");
  Wish wish;
  std::map<std::string, std::string> global;
  for (const auto& argument : global_arguments()) declare(app, argument, global[argument.name]);
  bool json = false;
  app.add_flag("--json", json, "print JSON instead of tables");
  Slots slots;
  for (const auto& group : groups) {
    auto* parent = group.name.empty() ? &app : app.add_subcommand(group.name, group.what)->require_subcommand(1);
    for (const auto& command : group.commands) declare(*parent, command, slots, wish);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& fault) {
    return app.exit(fault) == 0 ? Exit::done : Exit::wrong_use;
  }
  wish.target = {global["--socket"], global["--url"], global["--token-file"], global["--ca-file"]};
  wish.format = json ? Format::json : Format::table;
  for (const auto& [name, value] : slots.of[wish.command]) wish.given.put(name, value);
  return wish;
}

}  // namespace wghub::cli

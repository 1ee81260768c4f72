// What wghub can be asked, as plain tables: the arguments' reader, completion and help are made from them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apid/cli/exit.h"
#include "apid/cli/hub_client.h"
#include "apid/cli/output.h"

namespace wghub::cli {

enum class Need { optional, required, flag };  ///< flag: an option without a value

struct Argument {
  std::string name;  ///< "SPOKE", by its place; "--limit", with a value
  std::string what;
  Need need = Need::optional;
  std::vector<std::string> choices = {};  ///< the only values, when there are any
  std::string preset = {};
  std::optional<std::pair<std::int64_t, std::int64_t>> range = {};  ///< a whole number within

  bool is_option() const { return name.starts_with("--"); }
};

/// The values that were given, and the presets of the others.
class Given {
 public:
  void put(const std::string& name, std::string value) { values_[name] = std::move(value); }
  bool has(const std::string& name) const { return !text(name).empty(); }
  /// Empty when there is none.
  const std::string& text(const std::string& name) const {
    static const std::string none;
    const auto found = values_.find(name);
    return found == values_.end() ? none : found->second;
  }
  /// Of an argument with a range.
  std::int64_t number(const std::string& name) const { return std::stoll(text(name)); }

 private:
  std::map<std::string, std::string> values_;
};

/// What a command works with.
struct Task {
  const HubClient& hub;
  Format format;
  const Given& given;
};

struct Command {
  std::string name;
  std::string what;
  std::vector<Argument> arguments;
  Exit (*run)(const Task&);
};

/// `wghub NAME COMMAND`; without a name `wghub COMMAND`.
struct Group {
  std::string name;
  std::string what;
  std::vector<Command> commands;
};

}  // namespace wghub::cli

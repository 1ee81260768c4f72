// wghub config: whether apid would take a configuration, by apid's own code.
#include <filesystem>
#include <stdexcept>

#include "apid/app/configuration.h"
#include "apid/cli/families.h"
#include "apid/cli/request.h"

namespace wghub::cli {
namespace {

Exit check(const Task& task) {
  const auto& file = task.given.text("FILE");
  if (!std::filesystem::is_regular_file(file)) {
    complain(printable(file) + ": there is no such file");
    return Exit::not_found;
  }
  std::string fault;
  try {
    // The service's environment, which may say otherwise, is not known here.
    static_cast<void>(app::read_configuration(file, {}));
  } catch (const std::runtime_error& refusal) {
    fault = refusal.what();
  }
  if (task.format == Format::json)
    print_json(boost::json::object{{"file", file},
                                   {"good", fault.empty()},
                                   {"fault", fault.empty() ? boost::json::value() : boost::json::value(fault)}});
  else if (fault.empty())
    write_to(stdout, file + ": apid takes this\n");
  if (fault.empty()) return Exit::done;
  complain(printable(fault));
  return Exit::faulty;
}

}  // namespace

Group config_commands() {
  return {"config",
          "apid's configuration",
          {{"check",
            "say whether apid would take a file, and what is wrong in which line",
            {{"FILE", "the file", Need::optional, {}, "/etc/wireguard-hub/apid.toml"}},
            check}}};
}

}  // namespace wghub::cli

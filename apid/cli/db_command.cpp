// wghub db: whether the database is sound, beside a running apid. Leaves its migration to apid, which does it at its
// start, and the looking to a child as wghub.
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "apid/cli/backup/hub_state.h"
#include "apid/cli/backup/opened.h"
#include "apid/cli/families.h"
#include "apid/cli/output.h"
#include "apid/cli/request.h"

namespace wghub::cli {
namespace {

// Empty when there is no such file.
std::optional<std::int64_t> size_of(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0) return found.st_size;
  if (errno == ENOENT) return std::nullopt;
  throw Fault(Exit::faulty, fmt::format("{}: {}", path, std::strerror(errno)));
}

std::string schema_in_words(std::int64_t schema) {
  const auto newest = store::newest_schema();
  return schema == newest ? std::to_string(schema) : fmt::format("{}; apid makes it {} at its start", schema, newest);
}

Exit check(const Task& task) {
  require_root("db check");
  const auto hub = places_of(task.given.text("--config"));
  const auto& path = hub.settings.database_path;
  const auto bytes = size_of(path);
  if (!bytes) throw Fault(Exit::not_found, path + ": there is no database yet; apid makes it at its start");
  Worker api("wghub", [&](const Channel& parent) { give_facts(hub, parent); });
  const auto facts = take_facts(api);
  api.finish();
  if (facts.schema > store::newest_schema())
    throw Fault(Exit::faulty, fmt::format("{}: its schema {} is of a newer version, this one's apid reads up to {} and "
                                          "refuses it: install that version, or restore a backup",
                                          path, facts.schema, store::newest_schema()));
  show(task.format, {{"database", path},
                     {"sound", "yes"},
                     {"schema", schema_in_words(facts.schema)},
                     {"size", in_bytes(*bytes)},
                     {"log", in_bytes(size_of(path + "-wal").value_or(0))},
                     {"spokes", std::to_string(facts.spokes)},
                     {"users", std::to_string(facts.users)},
                     {"audit events", std::to_string(facts.events)}});
  return Exit::done;
}

}  // namespace

Group db_commands() {
  return {"db",
          "the database",
          {{"check",
            "for root: read every page, row and index while the hub runs, and say what it is",
            {{"--config", "apid's configuration", Need::optional, {}, kUsualConfiguration}},
            [](const Task& task) { return guarded(check, task); }}}};
}

}  // namespace wghub::cli

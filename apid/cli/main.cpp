// wghub: the admin's command. What can be asked is the families' (families.h); how it was typed, arguments.h's.
#include <curl/curl.h>

#include <cstdio>
#include <exception>

#include "apid/cli/arguments.h"
#include "apid/cli/families.h"

namespace wghub::cli {
namespace {

Exit run(const Command& command, const Task& task) {
  try {
    return command.run(task);
  } catch (const std::exception&) {  // a member that every hub's answer has is not there
    complain("what answered is not the hub, or another version of it");
    return Exit::unreachable;
  }
}

int run(int argc, char** argv) {
  const auto groups = all_commands();
  const auto read = read_arguments(groups, argc, argv);
  if (const auto* end = std::get_if<Exit>(&read)) return static_cast<int>(*end);
  const auto& wish = std::get<Wish>(read);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  const auto hub = HubClient::make(wish.target);
  if (!hub) return static_cast<int>(Exit::wrong_use);
  const Exit end = run(*wish.command, {*hub, wish.format, wish.given});
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return static_cast<int>(end);
  complain("not everything could be written");
  return static_cast<int>(Exit::faulty);
}

}  // namespace
}  // namespace wghub::cli

int main(int argc, char** argv) { return wghub::cli::run(argc, argv); }

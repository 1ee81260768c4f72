// wghub api-token: what programs show to the API.
#include "apid/cli/families.h"
#include "apid/cli/request.h"

namespace wghub::cli {
namespace {

const ListRoute kTokens{"/api/api-tokens", "apiTokens", ListRoute::Kind::whole};

Exit create(const Task& task) {
  const auto answer = ask(task.hub, "POST", kTokens.path,
                          {{"name", task.given.text("NAME")},
                           {"role", task.given.text("--role")},
                           {"expiresInDays", task.given.number("--days")}});
  if (!answer) return answer.error();
  if (task.format == Format::json) return show_done(task, answer, "");
  auto lines =
      lines_of(object_in(*answer, "apiToken"), {{"API token", "id"}, {"role", "role"}, {"expires", "expiresAt"}});
  lines.emplace_back("secret", in_words(answer->at("secret")));
  write_to(stdout, aligned(lines));
  write_to(stderr, "The secret is shown this once.\n");
  return Exit::done;
}

Exit list_tokens(const Task& task) {
  return show_list(task, kTokens, kUsualLimit,
                   {column("ID", "id"), column("ROLE", "role"), column("CREATED", "createdAt"),
                    column("EXPIRES", "expiresAt"), column("LAST USED", "lastUsedAt"), column("NAME", "name")});
}

Exit revoke(const Task& task) {
  const auto id = id_of(task.hub, kTokens, "name", task.given.text("API-TOKEN"));
  if (!id) return id.error();
  return show_done(task, ask(task.hub, "DELETE", kTokens.path + "/" + *id), "API token " + *id + " was revoked");
}

}  // namespace

Group api_token_commands() {
  return {"api-token",
          "API tokens, for programs",
          {{"create",
            "make one of the account whose API token is shown; not for root, who has no account",
            {{"NAME", "what it is for", Need::required},
             {"--role", "at most that of its maker", Need::optional, {"viewer", "operator", "admin"}, "viewer"},
             {"--days", "how long it is good", Need::optional, {}, "90", std::pair(1L, 365L)}},
            create},
           {"list", "show all of them, without their secrets", {}, list_tokens},
           {"revoke",
            "make one worthless at once",
            {{"API-TOKEN", "its id, or its name where no other has it", Need::required}},
            revoke}}};
}

}  // namespace wghub::cli

#include "apid/cli/doctor/hub_facts.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <iterator>
#include <set>
#include <thread>

#include "apid/cli/request.h"
#include "common/unix_socket.h"

namespace wghub::cli {
namespace {

constexpr std::chrono::seconds kSecondLook{7};  // the hub looks every 5 s
constexpr std::int64_t kEverySpoke = 1'000'000;
constexpr std::chrono::minutes kPatience{10};
constexpr std::chrono::hours kTwoWeeks{14 * 24};

using Keys = std::set<std::string>;

// A time as the API writes it; texts of this form compare as the times do.
std::string time_text(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

struct Reply {
  boost::json::object body;
  std::string code;  ///< empty when the hub agreed
};

std::optional<Reply> read(const HubClient& hub, const char* path) {
  const auto answer = hub.call("GET", path);
  if (!answer) return std::nullopt;
  boost::json::error_code fault;
  const auto body = boost::json::parse(answer->body, fault);
  if (fault || !body.is_object()) return std::nullopt;
  Reply reply{body.get_object(), {}};
  if (answer->status != 200) reply.code = in_words(reply.body["code"]);
  return reply;
}

void read_configuration(HubFacts& facts, const boost::json::object& config) {
  facts.endpoint = in_words(config.at("endpoint"));
  facts.port = config.at("listenPort").to_number<std::uint16_t>();
  facts.network = parse_network(in_words(config.at("networkCIDR"))).value_or(Network());
  facts.address = parse_network(in_words(config.at("interfaceAddress"))).value_or(Network()).address;
}

void count_spokes(HubFacts& facts, const boost::json::object& list) {
  facts.spokes = list.at("totalCount").as_int64();
  facts.active_spokes = list.at("activeCount").as_int64();
  facts.inactive_spokes = list.at("inactiveCount").as_int64();
  const auto long_ago = time_text(std::chrono::system_clock::now() - kPatience);
  for (const auto& spoke : list.at("spokes").as_array())
    if (in_words(spoke.at("status")) == "pending" && in_words(spoke.at("registeredAt")) < long_ago)
      ++facts.waiting_spokes;
}

// A token that is claimed and one that is registered count alike; the latter's address is its spoke's.
void count_tokens(HubFacts& facts, const boost::json::object& tokens) {
  const auto claimed = std::max<std::int64_t>(0, tokens.at("usedCount").as_int64() - facts.spokes);
  facts.open_tokens = tokens.at("unusedCount").as_int64() + claimed;
}

void name_ending_tokens(HubFacts& facts, const boost::json::object& tokens) {
  const auto now = time_text(std::chrono::system_clock::now());
  const auto soon = time_text(std::chrono::system_clock::now() + kTwoWeeks);
  for (const auto& token : tokens.at("apiTokens").as_array()) {
    const auto end = in_words(token.at("expiresAt"));
    if (end > now && end < soon) facts.ending_api_tokens.push_back(in_words(token.at("name")));
  }
}

void name_failing_targets(HubFacts& facts, const boost::json::object& list) {
  for (const auto& target : list.at("targets").as_array()) {
    ++facts.alert_targets;
    if (target.at("enabled").as_bool() && !target.at("failingSince").is_null())
      facts.failing_targets.push_back(in_words(target.at("name")) + " (" + in_words(target.at("lastError")) + ")");
  }
}

std::vector<std::string> less(const Keys& all, const Keys& those) {
  std::vector<std::string> rest;
  std::set_difference(all.begin(), all.end(), those.begin(), those.end(), std::back_inserter(rest));
  return rest;
}

struct Drift {
  std::vector<std::string> missing;
  std::vector<std::string> foreign;
  bool any() const { return !missing.empty() || !foreign.empty(); }
};

std::optional<Drift> look_for_drift(const HubClient& hub) {
  // Spokes first: one that registers meanwhile is then a peer too many, and gone at the second look.
  const auto spokes = ask_list(hub, {"/api/spoke/list", "spokes"}, kEverySpoke);
  const auto peers = ask_list(hub, {"/api/hub/status", "peers"}, kEverySpoke);
  if (!spokes || !peers) return std::nullopt;
  Keys wanted;
  Keys seen;
  for (const auto& spoke : spokes->at("spokes").as_array()) wanted.insert(in_words(spoke.at("publicKey")));
  for (const auto& peer : peers->at("peers").as_array()) seen.insert(in_words(peer.at("publicKey")));
  return Drift{less(wanted, seen), less(seen, wanted)};
}

void find_drift(HubFacts& facts, const HubClient& hub) {
  const auto first = look_for_drift(hub);
  if (!first || !first->any()) return;
  std::this_thread::sleep_for(kSecondLook);
  const auto second = look_for_drift(hub);
  if (!second) return;
  const auto both = [](const auto& left, const auto& right) {
    std::vector<std::string> common;
    std::set_intersection(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(common));
    return common;
  };
  facts.missing_peers = both(first->missing, second->missing);
  facts.foreign_peers = both(first->foreign, second->foreign);
}

}  // namespace

HubFacts gather_hub_facts(const HubClient& hub) {
  HubFacts facts;
  if (!connect_to(hub.socket(), SOCK_STREAM)) {
    facts.unreachable = hub.socket() + ": " + std::strerror(errno);  // NOLINT(concurrency-mt-unsafe): no other thread
    return facts;
  }
  const auto health = read(hub, "/admin/health");
  const auto config = read(hub, "/api/hub/config");
  if (!health || !health->code.empty() || !config) {
    facts.unreachable = "what answers there is not this version's apid";
    return facts;
  }
  facts.status = in_words(health->body.at("status"));
  if (const auto& ago = health->body.at("reconciledSecondsAgo"); ago.is_int64())
    facts.reconciled_seconds_ago = ago.get_int64();
  facts.is_set_up = config->code != "SETUP_REQUIRED";
  facts.is_initialized = config->code.empty();
  if (!facts.is_initialized) return facts;
  read_configuration(facts, config->body);
  if (const auto spokes = ask_list(hub, {"/api/spoke/list", "spokes"}, kEverySpoke)) count_spokes(facts, *spokes);
  if (const auto tokens = read(hub, "/api/installation/tokens?limit=1")) count_tokens(facts, tokens->body);
  if (const auto tokens = read(hub, "/api/api-tokens")) name_ending_tokens(facts, tokens->body);
  if (const auto targets = read(hub, "/api/alerts/targets")) name_failing_targets(facts, targets->body);
  if (facts.status == "ready") find_drift(facts, hub);
  return facts;
}

}  // namespace wghub::cli

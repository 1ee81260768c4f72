#include "apid/endpoint/told_members.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "tests/catch.hpp"

using namespace wghub;

namespace {

constexpr auto kMembers = R"({
"nodename": "hp2",
"version": 6,
"cluster": { "name": "prod-central", "version": 4, "nodes": 3, "quorate": 1 },
"nodelist": {
  "hp1": { "id": 1, "online": 1, "ip": "192.168.15.91"},
  "hp3": { "id": 3, "online": 0},
  "hp2": { "id": 2, "online": 1, "ip": "192.168.15.92"}
  }
}
)";

// What is told, as a text: names, each with + (online), - (not) or ? (not said), then the same for the quorum.
std::string told(const boost::json::object& metadata) {
  const auto sign = [](const std::optional<bool>& truth) { return !truth ? "?" : *truth ? "+" : "-"; };
  const auto members = endpoint::told_members(metadata);
  std::string text;
  for (const auto& node : members.nodes) text += node.name + sign(node.online) + " ";
  return text + "quorate" + sign(members.quorate);
}

std::string told_by(const std::string& members) { return told({{"pveMembers", members}}); }

std::string without(std::string text, const std::string& part, const std::string& instead) {
  return text.replace(text.find(part), part.size(), instead);
}

}  // namespace

TEST_CASE("What a node's files say of its cluster is read in every state of it", "[R46]") {
  const std::string whole = "hp1+ hp3- hp2+ quorate+";
  CHECK(told_by(kMembers) == whole);
  CHECK(told({{"pveMembers", boost::json::parse(kMembers)}}) == whole);
  CHECK(told_by(without(kMembers, "\"quorate\": 1", "\"quorate\": 0")) == "hp1+ hp3- hp2+ quorate-");
  CHECK(told_by(without(kMembers, "\"online\": 0", "\"online\": 1")) == "hp1+ hp3+ hp2+ quorate+");
  // Standalone, and clustered while corosync is down since boot: .members names nobody, corosync.conf may.
  const std::string alone = "{\n\"nodename\": \"pve\",\n\"version\": 0\n}\n";
  CHECK(told_by(alone) == "quorate?");
  CHECK(told({{"pveMembers", alone}, {"clusterNodes", "hp1,hp2"}}) == "hp1? hp2? quorate?");
  // /etc/pve is empty; names of corosync.conf alone, in old files full ones or addresses; CRLF; nothing.
  CHECK(told({{"clusterNodes", "hp1,hp2,hp3"}}) == "hp1? hp2? hp3? quorate?");
  CHECK(told({{"clusterNodes", "hp1.example.com,hp2.example.com,192.168.15.93"}}) == "hp1? hp2? quorate?");
  CHECK(told({{"clusterNodes", "hp1\r,hp2\r\n, hp3 ,,"}}) == "hp1? hp2? hp3? quorate?");
  CHECK(told({{"clusterNodes", ""}, {"isClustered", false}}) == "quorate?");
  CHECK(told({}) == "quorate?");
  // The live list knows better than the file.
  CHECK(told({{"pveMembers", kMembers}, {"clusterNodes", "hp1,hp9"}}) == whole);
}

TEST_CASE("What is no such text names nobody and breaks nothing") {
  for (const char* text :
       {"", "{", "[]", "null", "7", "{\"nodelist\":[]}", "{\"nodelist\":null,\"cluster\":[]}", "{} x",
        "{\"nodelist\":{\"a b\":{},\"$(id)\":{},\"\":{},\"..\":{}}}", "\xff\xfe", "{\"a\":1,\"a\":2}"})
    CHECK(told_by(text) == "quorate?");
  CHECK(told_by(R"({"nodelist":{"a":7,"b":{"online":"yes"},"c":{"online":true}},"cluster":{"quorate":"x"}})") ==
        "a? b? c+ quorate?");
  CHECK(told_by(R"({"nodelist":{"a.x":{"online":1},"a.y":{"online":0}}})") == "a+ quorate?");
  for (const auto& value :
       {boost::json::value(7), boost::json::value(nullptr), boost::json::value(boost::json::array{"a"})})
    CHECK(told({{"pveMembers", value}, {"clusterNodes", value}}) == "quorate?");
}

TEST_CASE("No more than 128 nodes are told") {
  std::string names;
  for (int i = 0; i < 500; ++i) names += "n" + std::to_string(i) + ",";
  CHECK(endpoint::told_members({{"clusterNodes", names}}).nodes.size() == 128);
}

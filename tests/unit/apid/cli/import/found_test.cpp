#include "apid/cli/import/found.h"

#include "apid/cli/backup/fault.h"
#include "apid/cli/import/plan.h"
#include "tests/catch.hpp"

using namespace wghub;
using namespace wghub::cli;

namespace {

std::string name_from(const std::string& above, const std::string& inside = "") {
  const auto found = read_wg("[Interface]\n\n" + above + "\n[Peer]\n" + inside + "\nPublicKey = k\n");
  REQUIRE(found.peers.size() == 1);
  return found.peers.front().name;
}

std::string fault_of(const std::string& text) {
  try {
    static_cast<void>(read_wg(text));
  } catch (const Fault& fault) {
    return fault.what();
  }
  return "";
}

}  // namespace

TEST_CASE("APeersNameIsInTheCommentWhereProgramsWriteIt") {
  CHECK(name_from("# anna") == "anna");
  CHECK(name_from("#anna's laptop  ") == "anna's laptop");
  CHECK(name_from("### Client anna") == "anna");
  CHECK(name_from("### begin anna ###") == "anna");
  CHECK(name_from("# BEGIN_PEER anna") == "anna");
  CHECK(name_from("# Client: anna (01234567-89ab-4def-8123-456789abcdef)") == "anna");
  CHECK(name_from("# friendly_name = anna") == "anna");
  CHECK(name_from("", "#Name# = anna") == "anna");
  CHECK(name_from("", "# anna") == "anna");
  CHECK(name_from("", "PublicKey = k\nAllowedIPs = 10.0.0.2/32\n#Name# = anna") == "anna");
}

TEST_CASE("ACommentThatIsNoNameGivesNone") {
  CHECK(name_from("").empty());
  CHECK(name_from("### end anna ###").empty());
  CHECK(name_from("# END_PEER anna").empty());
  CHECK(name_from("# Endpoint = 192.0.2.1:51820").empty());
  CHECK(name_from("# AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").empty());
  CHECK(name_from("", "PublicKey = k\n# a remark").empty());
}

TEST_CASE("AWgFileIsReadWithItsLines") {
  const auto found = read_wg(
      "[interface]\nprivatekey = secret\nAddress = 10.0.0.1/24, fd00::1/64\nListenPort = 51821 # as ever\n\n[Peer]\n"
      "PublicKey = a\r\nAllowedIPs = 10.0.0.2/32,10.0.0.3/32\nallowedips = fd00::2\nPresharedKey = "
      "p\n[PEER]\nPublicKey=b\n");
  REQUIRE(found.peers.size() == 2);
  CHECK(found.addresses == std::vector<std::string>{"10.0.0.1/24", "fd00::1/64"});
  CHECK(found.listen_port == "51821");
  CHECK(found.peers[0].line == 6);
  CHECK(found.peers[0].public_key == "a");
  CHECK(found.peers[0].addresses == std::vector<std::string>{"10.0.0.2/32", "10.0.0.3/32", "fd00::2"});
  CHECK(found.peers[0].has_preshared_key);
  CHECK(found.peers[1].line == 11);
  CHECK(found.peers[1].addresses.empty());
  REQUIRE(found.secrets.size() == 2);
  CHECK(found.secrets[0].line == 2);
  CHECK(found.secrets[1].line == 10);
}

TEST_CASE("AFaultNamesTheLineAndNothingThatStandsInIt") {
  CHECK(fault_of("[Interface]\nmy-secret\n").find("line 2") != std::string::npos);
  CHECK(fault_of("[Interface]\nmy-secret\n").find("my-secret") == std::string::npos);
  CHECK(fault_of("PrivateKey = x\n").find("line 1") != std::string::npos);
  CHECK(fault_of("[Peer\n").find("line 1") != std::string::npos);
  CHECK(fault_of("\n\n" + std::string(9000, 'x')).find("line 3") != std::string::npos);
}

TEST_CASE("AWgEasyFileIsReadWithItsLines") {
  const auto found = read_wg_easy(
      "{\n\"server\": {\n\"privateKey\": \"s\",\n\"address\": \"10.8.0.1\"},\n\"clients\": {\n\"a\": {\n\"name\": "
      "\"anna\",\n"
      "\"address\": \"10.8.0.2\",\n\"privateKey\": \"p\",\n\"publicKey\": \"k\",\n\"preSharedKey\": "
      "\"q\",\n\"enabled\": true},\n"
      "\"b\": {\"name\": 3, \"enabled\": false}}}");
  REQUIRE(found.peers.size() == 2);
  CHECK(found.peers[0].line == 6);
  CHECK(found.peers[0].name == "anna");
  CHECK(found.peers[0].addresses == std::vector<std::string>{"10.8.0.2"});
  CHECK(found.peers[0].has_preshared_key);
  CHECK(found.peers[1].line == 13);
  CHECK(found.peers[1].is_disabled);
  CHECK(found.peers[1].name.empty());
  REQUIRE(found.secrets.size() == 3);
  CHECK(found.secrets[0].line == 3);
  CHECK(found.secrets[1].line == 9);
  CHECK(found.secrets[2].line == 11);
  CHECK_THROWS_AS(read_wg_easy("{}"), Fault);
  CHECK_THROWS_AS(read_wg_easy("{\"clients\": []}"), Fault);
}

TEST_CASE("TheServersKeyIsReadWhereItStands") {
  // RFC 7748 §6.1, Alice.
  const std::string text = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=";
  SecretKey key;
  CHECK(read_server_key("[Interface]\nPrivateKey = " + text + " # mine\n[Peer]\n", ImportFormat::wg, key));
  CHECK(to_hex(*public_key_of(key)) == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  CHECK(read_server_key("{\"server\": {\"privateKey\": \"" + text + "\"}}", ImportFormat::wg_easy, key));
  CHECK_FALSE(read_server_key("[Peer]\nPrivateKey = " + text + "\n", ImportFormat::wg, key));
  CHECK_FALSE(read_server_key("[Interface]\nPrivateKey = short\n", ImportFormat::wg, key));
  CHECK_FALSE(read_server_key("{\"server\"", ImportFormat::wg_easy, key));
  CHECK_FALSE(read_server_key("\"privateKey\"\"server\"", ImportFormat::wg_easy, key));
}

TEST_CASE("APlanKeepsWhatAHubCannotGive") {
  const auto network = *parse_network("10.0.0.0/24");
  const std::string key = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=";
  const auto planned = [&](const std::string& allowed) {
    const auto found = read_wg("[Peer]\nPublicKey = " + key + "\nAllowedIPs = " + allowed + "\n");
    return plan(found, network, PresharedKeys::refuse).front();
  };
  CHECK(planned("10.0.0.2").state == PlannedPeer::State::good);
  CHECK(planned("10.0.0.2/32").address == "10.0.0.2");
  CHECK(planned("10.0.0.2/32").name == "peer 10.0.0.2");
  CHECK(planned("10.0.0.2/32, fd00::2/128").remark == "without fd00::2/128");
  for (const auto* bad : {"", "10.0.0.0/24", "10.0.1.2", "10.0.0.2, 10.0.0.3", "10.0.0.2, 0.0.0.0/0", "x"})
    CHECK(planned(bad).state == PlannedPeer::State::bad);
}

// Another server's file: what is found in it stays within limits, names lines that it has, and never shows a secret.
#include <algorithm>

#include "apid/cli/backup/fault.h"
#include "apid/cli/import/found.h"
#include "apid/cli/import/plan.h"
#include "tests/fuzz/fuzz.h"

using namespace wghub;
using namespace wghub::cli;
using namespace wghub::fuzz;

namespace {

void check(const Found& found, std::string_view text) {
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (const auto& peer : found.peers) {
    claim(peer.line >= 1 && peer.line <= lines, "a peer is in a line of the file");
    claim(peer.name.find('\n') == std::string::npos, "a name is one line");
  }
  for (const auto& secret : found.secrets) claim(secret.line >= 1 && secret.line <= lines, "so is a secret");
  const auto planned = plan(found, *parse_network("10.0.0.0/24"), PresharedKeys::drop);
  claim(planned.size() == found.peers.size(), "each peer has a fate");
  for (const auto& peer : planned) {
    if (peer.state != PlannedPeer::State::good) continue;
    const auto address = parse_address(peer.address);
    claim(address && contains(*parse_network("10.0.0.0/24"), *address), "a good one has an address of the network");
    claim(parse_public_key(peer.public_key).has_value(), "and a key");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = text_of(data, size);
  const auto format = format_of(text);
  try {
    check(format == ImportFormat::wg ? read_wg(text) : read_wg_easy(text), text);
  } catch (const Fault& fault) {
    claim(std::string_view(fault.what()).size() < 200, "a fault is short");
  }
  SecretKey key;
  static_cast<void>(read_server_key(text, format, key));
  return 0;
}

#include "tests/unit/apid/store/scratch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace wghub::store {

ScratchDirectory::ScratchDirectory() {
  // In memory unless TMPDIR says where: the tests commit thousands of times, and none pulls the plug.
  const bool in_memory = !std::getenv("TMPDIR") && ::access("/dev/shm", W_OK) == 0;
  const auto parent = in_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
  auto name = (parent / "store test XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("no directory for the test");
  path_ = name;
}

ScratchDirectory::~ScratchDirectory() { std::filesystem::remove_all(path_); }

Scratch::Scratch(std::chrono::milliseconds patience) : patience_(patience) { reopen(); }

void Scratch::reopen() {
  database_.reset();
  DatabaseOptions options;
  options.path = path();
  options.clock = [this] { return clock_.load(); };
  options.on_failure = [this](const std::string&) { ++failures_; };
  options.patience = patience_;
  database_ = std::make_unique<Database>(std::move(options));
}

std::string Scratch::ask(std::string_view sql) {
  return read([&](Transaction& transaction) {
    return transaction.query(sql).one([](Row& row) { return row.maybe_text().value_or("null"); }).value_or("");
  });
}

std::string make_id(int number) {
  return fmt::format("{:08x}-0000-4000-8000-{:012x}", static_cast<unsigned>(number) * 2654435761U, number);
}

PublicKey make_key(int number) {
  PublicKey key;
  const auto scattered = static_cast<unsigned>(number) * 3266489917U;
  for (std::size_t i = 0; i < 4; ++i) key.bytes[i] = static_cast<std::uint8_t>(scattered >> (8 * i));
  key.bytes[30] = 7;
  return key;
}

Token make_token(int number, std::int64_t now) {
  Token token;
  token.id = make_id(number);
  token.hash = fmt::format("{:08x}{:056x}", static_cast<unsigned>(number) * 2246822519U, number);
  token.spoke_id = make_id(number + (1 << 24));
  token.spoke_name = fmt::format("spoke {}", number);
  token.address = from_number(0x0a000000U + static_cast<std::uint32_t>(number));
  token.holds_address = true;
  token.created_at = now;
  token.expires_at = now + 86'400;
  token.hub_endpoint = "hub.example:51820";
  token.hub_public_key = make_key(0);
  token.network = *parse_network("10.0.0.0/16");
  token.dns = {*parse_address("1.1.1.1"), *parse_address("fd00::53")};
  token.base_url = "https://hub.example";
  return token;
}

Spoke make_spoke(const Token& token, int key_number) {
  Spoke spoke;
  spoke.id = token.spoke_id;
  spoke.token_id = token.id;
  spoke.name = token.spoke_name;
  spoke.public_key = make_key(key_number);
  spoke.address = token.address;
  spoke.network = token.network;
  spoke.registered_at = token.created_at;
  return spoke;
}

}  // namespace wghub::store

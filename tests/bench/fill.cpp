// Fills an initialised hub's database with registered spokes, through the product's own stores: tokens, spokes,
// addresses and the audit trail as if each had been registered. apid must not run. Leaves the interface to the
// reconciler.
//   bench_fill DATABASE COUNT      prints seconds; COUNT 0 only checks
// Ends with 1 when the audit trail's hashes or the numbers of rows do not fit afterwards.
#include <fmt/format.h>
#include <sys/random.h>

#include <cstdio>

#include "apid/service/identifiers.h"
#include "apid/store/address_store.h"
#include "apid/store/audit_store.h"
#include "apid/store/hub_store.h"
#include "apid/store/spoke_store.h"
#include "apid/store/token_store.h"
#include "common/digest.h"
#include "tests/bench/measure.h"

namespace {

using namespace wghub;

constexpr int kSpokesPerCommit = 500;
constexpr std::int64_t kLifetime = 24 * 60 * 60;

void fill_randomly(std::span<std::uint8_t> bytes) {
  if (getrandom(bytes.data(), bytes.size(), 0) != std::ssize(bytes)) throw std::runtime_error("no random bytes");
}

std::int64_t seconds_since_epoch() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

PublicKey make_key() {
  PublicKey key;
  do {
    fill_randomly(key.bytes);
    key.bytes[31] &= 0x7f;
  } while (!is_usable(key));
  return key;
}

class Filler {
 public:
  explicit Filler(const std::string& path) : database_(options(path)) {}

  void add(int count) {
    for (int done = 0; done < count; done += kSpokesPerCommit) {
      const int some = std::min(count - done, kSpokesPerCommit);
      const auto added = database_.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
        const auto hub = hubs_.find(t);
        if (!hub) return ErrorCode::hub_not_initialized;
        for (int i = 0; i < some; ++i) add_one(t, *hub, done + i);
        return Done{};
      });
      if (!added) throw std::runtime_error("the database refused to be filled");
    }
  }

  bool is_sound() {
    const auto sound = database_.read<bool>([&](store::Transaction& t) -> Outcome<bool> {
      const auto spokes = spokes_.counts(t).total();
      return !audit_.verify(t).broken && std::ssize(spokes_.peers(t)) == spokes && tokens_.counts(t).used >= spokes;
    });
    return sound && *sound;
  }

 private:
  static store::DatabaseOptions options(const std::string& path) {
    store::DatabaseOptions options;
    options.path = path;
    options.clock = seconds_since_epoch;
    return options;
  }

  void add_one(store::Transaction& t, const HubConfig& hub, int number) {
    const auto address = addresses_.take_lowest(t);
    if (!address) throw std::runtime_error("no address is free");
    const auto token = make_token(store::now_of(t), hub, *address, number);
    tokens_.insert(t, token);
    record(t, "token.created", token.id);
    Spoke spoke;
    spoke.id = token.spoke_id;
    spoke.token_id = token.id;
    spoke.name = token.spoke_name;
    spoke.public_key = *token.bound_key;
    spoke.address = *address;
    spoke.network = hub.network;
    spoke.registered_at = token.created_at;
    spoke.metadata = R"({"wireguardVersion":"1.0.20210914","kernelVersion":"6.1.0-18-amd64"})";
    spokes_.insert(t, spoke);
    record(t, "spoke.registered", spoke.id);
  }

  Token make_token(std::int64_t now, const HubConfig& hub, const Address& address, int number) {
    Token token;
    token.id = make_uuid(fill_randomly, now);
    token.spoke_id = make_uuid(fill_randomly, now);
    token.hash = sha256_hex(make_secret(fill_randomly).reveal());
    token.spoke_name = fmt::format("spoke {}", number);
    token.address = address;
    token.state = TokenState::registered;
    token.created_at = now;
    token.used_at = now;
    token.expires_at = now + kLifetime;
    token.bound_key = make_key();
    token.hub_endpoint = hub.endpoint;
    token.hub_public_key = hub.public_key;
    token.network = hub.network;
    token.dns = hub.dns;
    token.base_url = "https://hub.example";
    return token;
  }

  void record(store::Transaction& t, const char* action, const std::string& target) {
    AuditEvent event;
    event.actor = {.id = "", .name = "system", .source_address = "192.0.2.7", .user_agent = "bench", .account_id = ""};
    event.action = action;
    event.target = target;
    event.outcome = "success";
    audit_.append(t, event);
  }

  store::Database database_;
  store::HubStore hubs_;
  store::AddressStore addresses_;
  store::TokenStore tokens_;
  store::SpokeStore spokes_;
  store::AuditStore audit_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  Filler filler(argv[1]);
  fmt::print("{:.3f}\n", bench::seconds_of([&] { filler.add(std::stoi(argv[2])); }));
  return filler.is_sound() ? 0 : 1;
}

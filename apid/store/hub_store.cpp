#include "apid/store/hub_store.h"

#include "apid/store/column.h"
#include "apid/store/transaction.h"

namespace wghub::store {
namespace {

constexpr auto kFind =
    "SELECT network_cidr, listen_port, public_key, dns, endpoint, created_at, updated_at FROM hub_config WHERE id = 1";
constexpr auto kInsert =
    "INSERT INTO hub_config (id, interface_address, listen_port, public_key, network_cidr, dns, endpoint, created_at,"
    " updated_at) VALUES (1, :interface_address, :listen_port, :public_key, :network_cidr, :dns, :endpoint,"
    " :created_at, :updated_at) ON CONFLICT (id) DO NOTHING";
constexpr auto kUpdate =
    "UPDATE hub_config SET endpoint = :endpoint, dns = :dns, updated_at = :updated_at WHERE id = 1";

HubConfig read_hub(Row& row) {
  HubConfig config;
  config.network = read_network(row.text());
  config.listen_port = static_cast<std::uint16_t>(row.number());
  config.public_key = read_key(row.text());
  config.dns = read_addresses(row.text());
  config.endpoint = row.text();
  config.created_at = row.number();
  config.updated_at = row.number();
  return config;
}

}  // namespace

std::optional<HubConfig> HubStore::find(Transaction& transaction) const {
  return transaction.query(kFind).one(read_hub);
}

bool HubStore::insert(Transaction& transaction, const HubConfig& config) const {
  const Network own{first_host(config.network), config.network.prefix};
  auto query = transaction.query(kInsert).with("interface_address", to_string(own));
  query.with("listen_port", config.listen_port).with("public_key", key_column(config.public_key));
  query.with("network_cidr", to_string(config.network)).with("dns", addresses_column(config.dns));
  query.with("endpoint", config.endpoint).with("created_at", config.created_at);
  return query.with("updated_at", config.updated_at).execute() == 1;
}

void HubStore::update(Transaction& transaction, const HubConfig& config) const {
  auto query = transaction.query(kUpdate).with("endpoint", config.endpoint);
  query.with("dns", addresses_column(config.dns)).with("updated_at", config.updated_at).execute();
}

}  // namespace wghub::store

// Reads wg-easy's wg0.json.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "apid/cli/backup/fault.h"
#include "apid/cli/import/found.h"

namespace wghub::cli {
namespace {

// Lines of members' names, which are asked for in the order in which they stand in the file.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  // Goes on to the next such name; to the end when there is none.
  std::size_t of(std::string_view name) {
    line_ = ahead(name);
    place_ = std::min(text_.find(quoted(name), place_), text_.size());
    return line_;
  }

  // Of the next such name, without going there.
  std::size_t ahead(std::string_view name) const {
    const auto found = std::min(text_.find(quoted(name), place_), text_.size());
    const auto passed = text_.substr(place_, found - place_);
    return line_ + static_cast<std::size_t>(std::count(passed.begin(), passed.end(), '\n'));
  }

 private:
  static std::string quoted(std::string_view name) { return '"' + std::string(name) + '"'; }

  std::string_view text_;
  std::size_t place_ = 0;
  std::size_t line_ = 1;
};

std::string text_in(const boost::json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool is_given(const boost::json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && !value->is_null() && !(value->is_string() && value->get_string().empty());
}

FoundPeer peer_of(const boost::json::object& client, std::size_t line) {
  FoundPeer peer{line, text_in(client, "name"), text_in(client, "publicKey"), {}, false, false};
  if (auto address = text_in(client, "address"); !address.empty()) peer.addresses.push_back(std::move(address));
  peer.has_preshared_key = is_given(client, "preSharedKey");
  const auto* enabled = client.if_contains("enabled");
  peer.is_disabled = enabled != nullptr && enabled->is_bool() && !enabled->get_bool();
  return peer;
}

void note_secrets(Found& found, const boost::json::object& owner, const Lines& lines, const char* private_key) {
  if (is_given(owner, "privateKey")) found.secrets.push_back({lines.ahead("privateKey"), private_key});
  if (is_given(owner, "preSharedKey")) found.secrets.push_back({lines.ahead("preSharedKey"), "preshared key"});
}

}  // namespace

Found read_wg_easy(std::string_view text) {
  boost::json::error_code error;
  const auto whole = boost::json::parse({text.data(), text.size()}, error);
  if (error) throw Fault(Exit::faulty, "the file begins like wg-easy's, and is no JSON");
  const auto* clients = whole.is_object() ? whole.get_object().if_contains("clients") : nullptr;
  if (clients == nullptr || !clients->is_object())
    throw Fault(Exit::faulty,
                "the file is JSON, and has no clients as wg-easy's has (a version that keeps them in SQLite "
                "exports wg0.conf)");
  Found found;
  Lines lines(text);
  if (const auto* server = whole.get_object().if_contains("server"); server != nullptr && server->is_object()) {
    if (const auto address = text_in(server->get_object(), "address"); !address.empty())
      found.addresses.push_back(address);
    Lines there(text);
    there.of("server");
    note_secrets(found, server->get_object(), there, "private key of the server");
  }
  lines.of("clients");
  if (clients->get_object().size() > kMostPeers) throw Fault(Exit::faulty, "too many peers");
  for (const auto& [id, client] : clients->get_object()) {
    const auto line = lines.of(id);
    if (!client.is_object()) throw Fault(Exit::faulty, fmt::format("line {}: no client as wg-easy has them", line));
    found.peers.push_back(peer_of(client.get_object(), line));
    note_secrets(found, client.get_object(), lines, "private key of a peer");
  }
  return found;
}

}  // namespace wghub::cli

// A front that lies to the engine in ways that single records do not show: ids, lengths, records sent again later,
// counts beyond the end, several connections at once, answers that nobody reads. Leaves single records to attacks.cpp.
#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "tests/attack/raw_socket.h"
#include "tests/attack/target.h"

namespace wghub::attack {
namespace {

constexpr std::size_t kLongestRecord = 300;
constexpr int kRaces = 50;
constexpr int kReplays = 100;
constexpr int kUnread = 5000;

using Key = std::array<std::uint8_t, 32>;

/// Keys of the attacker's own; never on the interface otherwise.
Key key_of(std::uint8_t number) {
  Key key;
  key.fill(0x5a);
  key[0] = number;
  key[31] = 0x15;
  return key;
}

/// One connection, on which records can be under way before their answers are read.
class Connection {
 public:
  Connection(const std::string& path, Report& report) : socket_(connect_to(path, SOCK_SEQPACKET)), report_(report) {}

  void send(const void* bytes, std::size_t size) { write_record(socket_.get(), bytes, size); }
  void send(const EngineRequest& request) { send(&request, sizeof request); }

  /// Nothing when the connection is closed; notices are passed over.
  std::optional<EngineStatusPage> receive() {
    for (;;) {
      EngineStatusPage page{};
      const auto size = read_record(socket_.get(), &page, sizeof page);
      if (size == 0) return std::nullopt;
      report_.saw({reinterpret_cast<const char*>(&page), size});
      if (page.reply.operation != EngineOperation::link_changed) return page;
    }
  }

  std::optional<EngineStatusPage> ask(const EngineRequest& request) {
    send(request);
    return receive();
  }

  EngineStatusPage must(const EngineRequest& request) {
    const auto answer = ask(request);
    if (!answer || answer->reply.outcome > EngineOutcome::unchanged)
      throw std::runtime_error("cannot prepare the attack");
    return *answer;
  }

 private:
  Descriptor socket_;
  Report& report_;
};

EngineRequest add_request(const Key& key, const EngineAddresses& addresses) {
  return {.operation = EngineOperation::add_peer, .key = key, .addresses = addresses};
}

EngineRequest remove_request(const Key& key) { return {.operation = EngineOperation::remove_peer, .key = key}; }

void attack_ids(const std::string& path, Report& report) {
  Connection connection(path, report);
  for (const std::uint64_t id : {std::uint64_t{0}, std::uint64_t{7}, ~std::uint64_t{0}}) {
    const auto answer = connection.ask({.operation = EngineOperation::hello, .id = id});
    report.judge("mix answers up by the id " + std::to_string(id), answer && answer->reply.id == id,
                 "repeated as sent");
  }
  const auto operations = {EngineOperation::hello, EngineOperation::generate_key, EngineOperation::hello};
  for (const auto operation : operations) connection.send({.operation = operation, .id = 7});
  bool in_order = true;
  for (const auto operation : operations) in_order &= connection.receive().value().reply.operation == operation;
  report.judge("mix answers up by one id for three records", in_order, "answered in order");
}

void attack_lengths(const std::string& path, Report& report) {
  std::array<char, kLongestRecord> bytes{};
  const EngineRequest hello{.operation = EngineOperation::hello};
  std::copy_n(reinterpret_cast<const char*>(&hello), sizeof hello, bytes.begin());
  Connection connection(path, report);
  int carried_out = 0;
  for (std::size_t size = 1; size <= kLongestRecord; ++size) {
    if (size == sizeof hello) continue;
    connection.send(bytes.data(), size);
    const auto answer = connection.receive();
    carried_out += answer && answer->reply.outcome != EngineOutcome::malformed ? 1 : 0;
  }
  report.judge("records of every other length up to 300 bytes", carried_out == 0, "all malformed");
  connection.send(bytes.data(), 0);
  report.judge("stop it with an empty record", engine_answers(path), "still answers");
}

std::set<std::array<std::uint8_t, 4>> held(Connection& connection) {
  std::set<std::array<std::uint8_t, 4>> found;
  EngineRequest request{.operation = EngineOperation::status};
  for (bool more = true; more;) {
    const auto page = connection.must(request);
    for (unsigned i = 0; i < page.reply.peer_count; ++i) found.insert(page.peers[i].addresses.ipv4);
    request.snapshot = page.reply.snapshot;
    request.cursor = page.reply.next_cursor;
    more = (page.reply.flags & EngineReply::kLastPage) == 0;
  }
  return found;
}

EngineAddresses free_address(Connection& connection, const EnginePolicy& policy) {
  const auto taken = held(connection);
  const auto network = network_of(policy);
  for (auto number = to_number(last_address(network)) - 1; number > to_number(first_host(network)); --number) {
    EngineAddresses addresses;
    take_host(addresses, from_number(number));
    if (!taken.contains(addresses.ipv4)) return addresses;
  }
  throw std::runtime_error("cannot prepare the attack: no free address");
}

void attack_with_replays(Connection& connection, Report& report, const EngineAddresses& address) {
  const auto first = add_request(key_of(1), address);
  const auto second = add_request(key_of(2), address);
  connection.must(first);
  connection.must(remove_request(key_of(1)));
  connection.must(second);
  for (int i = 1; i < kReplays; ++i) connection.ask(first);
  report.judge("an add of before, a hundred times, when another has its address", connection.ask(first));
  auto replacing = first;
  replacing.flags = EngineRequest::kHasReplaces;
  replacing.replaces = key_of(2);
  connection.must(replacing);
  report.judge("the add of a peer that was replaced", connection.ask(second));
  auto back = second;
  back.flags = EngineRequest::kHasReplaces;
  back.replaces = key_of(3);
  report.judge("the same in the name of a third", connection.ask(back));
  connection.must(remove_request(key_of(1)));
  connection.must(second);
  connection.ask(remove_request(key_of(1)));
  report.judge("the removal of before takes nothing of who came after",
               connection.must(second).reply.outcome == EngineOutcome::unchanged, "the peer is still there");
  connection.must(remove_request(key_of(2)));
}

void attack_with_counts(Connection& connection, Report& report) {
  EngineRequest request{.operation = EngineOperation::status};
  const auto first = connection.must(request).reply;
  request.snapshot = first.snapshot;
  for (const std::uint32_t cursor : {first.total, first.total + 1, 0x7fffffffU, 0xffffff00U, 0xfffffffeU}) {
    request.cursor = std::max(cursor, 1U);
    if (request.cursor < first.total) continue;
    const auto page = connection.ask(request);
    report.judge("peers from behind the end, at " + std::to_string(request.cursor),
                 page && page->reply.peer_count == 0 && page->reply.total == first.total, "none");
  }
  request.snapshot = ~std::uint64_t{0};
  report.judge("a page of the last snapshot that can be numbered", connection.ask(request));
}

void attack_with_two_connections(const std::string& path, Report& report, const EngineAddresses& address) {
  Connection left(path, report);
  Connection right(path, report);
  EngineRequest page{.operation = EngineOperation::status, .cursor = 1};
  page.snapshot = left.must({.operation = EngineOperation::status}).reply.snapshot;
  right.must({.operation = EngineOperation::status});
  report.judge("a page of a snapshot that another connection replaced", left.ask(page));
  int wrong = 0;
  for (int race = 0; race < kRaces; ++race) {
    left.send(add_request(key_of(1), address));
    right.send(add_request(key_of(2), address));
    const bool left_won = left.receive().value().reply.outcome == EngineOutcome::done;
    const bool right_won = right.receive().value().reply.outcome == EngineOutcome::done;
    wrong += left_won != right_won ? 0 : 1;
    left.must(remove_request(key_of(2)));
    right.must(remove_request(key_of(1)));
  }
  report.judge("give one address to two keys from two connections at once", wrong == 0,
               "one won in each of " + std::to_string(kRaces) + " races");
}

void attack_by_not_reading(const std::string& path, Report& report) {
  Connection deaf(path, report);
  for (int i = 0; i < kUnread; ++i) deaf.send({.operation = EngineOperation::hello});
  report.judge("keep others out by not reading answers", engine_answers(path), "answers others");
}

}  // namespace

void attack_engine_with_lies(const std::string& path, Report& report) {
  attack_ids(path, report);
  attack_lengths(path, report);
  attack_by_not_reading(path, report);
  Connection connection(path, report);
  const auto hello = connection.must({.operation = EngineOperation::hello}).reply;
  if (hello.policy.family != 4 || (hello.flags & EngineReply::kInterfaceUp) == 0) return;
  const auto address = free_address(connection, hello.policy);
  attack_with_replays(connection, report, address);
  attack_with_counts(connection, report);
  attack_with_two_connections(path, report, address);
}

}  // namespace wghub::attack

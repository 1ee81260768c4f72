// Which connections there are, how many of one address, and which has kept us waiting longest. I/O thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <unordered_map>

#include "common/address.h"

namespace wghub::http {

/// What the table can ask of a connection.
class Connection {
 public:
  virtual ~Connection() = default;
  /// Ends now, without an answer.
  virtual void abort() = 0;
  /// Finishes what it has accepted, then ends.
  virtual void drain() = 0;
};

class ConnectionTable {
 public:
  explicit ConnectionTable(std::size_t per_address) : per_address_(per_address) {}

  /// Whether one more of this address may come; no address (AF_UNIX) is never counted.
  bool has_room(const Address& counted) const;

  void add(Connection& connection, const Address& counted);
  void remove(Connection& connection);

  /// Waits for its client: it may be ended when room is needed. busy() takes that back.
  void waits(Connection& connection);
  void busy(Connection& connection);

  /// Ends the connection that has been waiting longest; false when none waits.
  bool abort_longest_waiting();

  void drain_all();
  void abort_all();
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Address counted;
    std::list<Connection*>::iterator place;
    bool waiting = false;
  };

  void for_each(const std::function<void(Connection&)>& action);

  std::size_t per_address_;
  std::unordered_map<Connection*, Entry> entries_;
  std::list<Connection*> waiting_;  ///< longest first
  std::map<Address, std::size_t> counts_;
};

}  // namespace wghub::http

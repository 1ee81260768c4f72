// Table sessions. When one is over is the service's to say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apid/model/account.h"
#include "apid/store/database.h"

namespace wghub::store {

/// Sessions last used at or before, or made at or before, these moments are over. Units: epoch seconds.
struct SessionAges {
  std::int64_t used_until = 0;
  std::int64_t made_until = 0;
};

class SessionStore {
 public:
  void insert(Transaction& transaction, const Session& session) const;
  std::optional<Session> find(Transaction& transaction, const std::string& hash) const;
  /// Those that are not over, newest first.
  std::vector<Session> list_of(Transaction& transaction, const std::string& user_id, const SessionAges& over) const;
  void touch(Transaction& transaction, const std::string& id, std::int64_t at) const;
  void step_up(Transaction& transaction, const std::string& id) const;

  /// False when the user has no such session.
  bool end(Transaction& transaction, const std::string& user_id, const std::string& id) const;
  std::vector<std::string> ids_of(Transaction& transaction, const std::string& user_id) const;
  /// Returns the ids of those that it ended.
  std::vector<std::string> end_all_of(Transaction& transaction, const std::string& user_id) const;
  /// The ids of those that are over.
  std::vector<std::string> find_over(Transaction& transaction, const SessionAges& over) const;
  void end_over(Transaction& transaction, const SessionAges& over) const;
};

}  // namespace wghub::store

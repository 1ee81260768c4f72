// The peers that the engine has set, in STATE/journal, so that a restart of the machine brings them back (D14).
// Leaves the file to RecordLog, and putting the peers onto an interface to Engine::restore.
#pragma once

#include <map>

#include "common/engine_record.h"
#include "common/key.h"
#include "common/record_log.h"

namespace wghub {

/// Rewritten when the file has grown to twice its live size.
class Journal {
 public:
  static constexpr std::size_t kFloorRecords = 1024;  ///< a shorter file is not worth rewriting

  /// Errors: DamagedState, as on_damage says. The database knows the peers too, so a running engine can begin anew.
  Journal(const StateDirectory& directory, OnDamage on_damage);

  const std::map<PublicKey, EngineAddresses>& peers() const { return peers_; }

  /// Notes that key has these addresses, and that replaced (all zero: none) has gone in the same step.
  void add(const PublicKey& key, const EngineAddresses& addresses, const PublicKey& replaced);
  void remove(const PublicKey& key);

  /// Brings what was noted onto the disk; false, with a log line, when that failed. A later call tries again.
  bool sync();

 private:
  enum class Kind : std::uint32_t { add = 0x314a4857, remove = 0x314a4858 };  // "WHJ1", the format, and its next
  struct Entry {
    PublicKey key;
    PublicKey replaced;  // all zero: none
    EngineAddresses addresses;
    Kind kind = Kind::add;
  };

  void apply(const Entry& entry);

  RecordLog<Entry> log_;
  std::map<PublicKey, EngineAddresses> peers_;
};

}  // namespace wghub

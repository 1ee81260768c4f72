// The peers that the engine has set, in STATE/journal, so that a restart of the machine brings them back (D14).
// Leaves putting them onto an interface to Engine::restore.
#pragma once

#include <map>

#include "common/engine_record.h"
#include "common/key.h"
#include "wgprivd/engine/state_file.h"

namespace wghub {

/// An append-only file of fixed-size checksummed records, rewritten when it has grown to twice its live size.
/// A last record that a crash tore is dropped; a bad record elsewhere is never guessed around.
class Journal {
 public:
  static constexpr std::size_t kRecordBytes = 128;
  static constexpr std::size_t kFloorRecords = 1024;  ///< a shorter file is not worth rewriting

  enum class OnDamage { refuse, set_aside };

  /// A bad record that is not a torn end: DamagedState, or the file is renamed to journal.damaged, with a log line, and
  /// a new one begins, since the database knows the peers too.
  Journal(const StateDirectory& directory, OnDamage on_damage);

  const std::map<PublicKey, EngineAddresses>& peers() const { return peers_; }

  /// Notes that key has these addresses, and that replaced (all zero: none) has gone in the same step.
  void add(const PublicKey& key, const EngineAddresses& addresses, const PublicKey& replaced);
  void remove(const PublicKey& key);

  /// Brings what was noted onto the disk; false, with a log line, when that failed. A later call tries again.
  bool sync();

 private:
  struct Record;

  void note(Record record);
  void apply(const Record& record);
  bool rewrite();

  const StateDirectory& directory_;
  Descriptor file_;  ///< none: the file lacks something and must be rewritten
  std::map<PublicKey, EngineAddresses> peers_;
  std::uint64_t records_ = 0;  ///< in the file
  bool dirty_ = true;          ///< something noted is not on disk yet
};

}  // namespace wghub

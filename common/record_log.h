// An append-only file of fixed-size checksummed records. Leaves what the entries mean, and which still count, to its
// user.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "common/log.h"
#include "common/state_directory.h"

namespace wghub {

/// What to do with a file that has a bad record before its end.
enum class OnDamage {
  refuse,     ///< DamagedState
  set_aside,  ///< rename it to NAME.damaged, with a log line, and begin a new one
};

/// Entries have no padding. A last record that a crash tore is dropped; a bad record elsewhere is never guessed around.
template <class Entry>
class RecordLog {
 public:
  static constexpr std::size_t kLimitBytes = std::size_t{1} << 30;

  /// The index ties a record to its place, so that none can be moved, repeated or left out.
  struct Record {
    std::uint64_t index = 0;
    Entry entry;
    Digest checksum{};
  };

  /// directory must outlive this.
  RecordLog(const StateDirectory& directory, std::string name) : directory_(directory), name_(std::move(name)) {}

  /// All entries in order, once and before anything else. Errors: DamagedState, as on_damage says.
  std::vector<Entry> open(OnDamage on_damage) {
    std::vector<Entry> entries;
    const auto bytes = directory_.read(name_, kLimitBytes);
    if (!bytes) return entries;
    Bytes rest = *bytes;
    for (; rest.size() >= sizeof(Record); rest = rest.subspan(sizeof(Record))) {
      Record record;
      std::memcpy(&record, rest.data(), sizeof record);
      if (record.index != entries.size() || record.checksum != checksum_of(record)) break;
      entries.push_back(record.entry);
    }
    // A power cut leaves the last record half written, or room that was never written.
    const bool is_torn = rest.size() < 2 * sizeof(Record) || std::ranges::count(rest, 0) == std::ssize(rest);
    if (!is_torn) return set_aside(entries.size(), on_damage);
    if (!rest.empty()) log::warning("a torn end is dropped", {{"file", name_}});
    records_ = entries.size();
    file_ = Descriptor(openat(directory_.get(), name_.c_str(), O_WRONLY | O_CLOEXEC));
    return entries;
  }

  std::uint64_t size() const { return records_; }

  /// Whether all that was appended is on the disk.
  bool is_synced() const { return !dirty_; }

  /// Writes the entry behind the others; sync() says whether that worked.
  void append(const Entry& entry) {
    dirty_ = true;
    // A file that lacks a record is given up.
    if (file_ && !write_at(file_, bytes_of(made(records_, entry)), records_ * sizeof(Record))) file_ = Descriptor();
    ++records_;
  }

  /// Brings what was appended onto the disk; false when that failed: then only rewrite() helps.
  bool sync() {
    if (!file_) return false;
    dirty_ = dirty_ && fdatasync(file_.get()) != 0;
    if (!dirty_) return true;
    log::error("a record did not reach the disk", {{"file", name_}, {"errno", std::int64_t{errno}}});
    file_ = Descriptor();  // what the disk has after a failed fsync is unknown
    return false;
  }

  /// Puts these entries in the place of all others, on the disk; false, with a log line, when the disk said no.
  bool rewrite(const std::vector<Entry>& entries) {
    std::vector<Record> records;
    for (const auto& entry : entries) records.push_back(made(records.size(), entry));
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(records.data());
    file_ = directory_.replace(name_, {bytes, records.size() * sizeof(Record)});
    records_ = records.size();
    dirty_ = !file_;
    return !dirty_;
  }

 private:
  static Record made(std::uint64_t index, const Entry& entry) {
    Record record{index, entry, {}};
    record.checksum = checksum_of(record);
    return record;
  }

  std::vector<Entry> set_aside(std::size_t index, OnDamage on_damage) {
    const auto damage = name_ + ": record " + std::to_string(index) + " is damaged";
    if (on_damage == OnDamage::refuse) throw DamagedState(damage);
    log::error("set aside as " + name_ + ".damaged", {{"reason", damage}});
    renameat(directory_.get(), name_.c_str(), directory_.get(), (name_ + ".damaged").c_str());
    return {};
  }

  const StateDirectory& directory_;
  std::string name_;
  Descriptor file_;  ///< none: the file lacks something and must be rewritten
  std::uint64_t records_ = 0;
  bool dirty_ = true;  ///< something is not on disk yet
};

}  // namespace wghub

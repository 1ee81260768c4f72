// A map in memory that is also on disk: an append-only file of fixed-size checksummed records, rewritten when it has
// grown to twice its live size. Leaves what keys and values mean to its user.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <vector>

#include "common/crash_point.h"
#include "common/log.h"
#include "common/state_directory.h"

namespace wghub {

/// What to do with a file that has a bad record before its end.
enum class OnDamage {
  refuse,     ///< DamagedState
  set_aside,  ///< rename it to NAME.damaged, with a log line, and begin a new one
};

/// Key and Value have no padding; a Key of zeros is none. A last record that a crash tore is dropped; a bad record
/// elsewhere is never guessed around. Content is what holds them in memory, and may let others go for a new one.
template <class Key, class Value, class Content = std::map<Key, Value>>
class DurableMap {
 public:
  static constexpr std::size_t kLimitBytes = std::size_t{1} << 30;
  static constexpr std::size_t kFloorRecords = 1024;  ///< a shorter file is not worth rewriting

  /// directory must outlive this. Errors: DamagedState, as on_damage says.
  DurableMap(const StateDirectory& directory, std::string name, OnDamage on_damage)
      : directory_(directory), name_(std::move(name)) {
    const auto bytes = directory_.read(name_, kLimitBytes);
    if (bytes) load(*bytes, on_damage);
  }

  const Content& content() const { return content_; }

  /// Notes that key has this value, and that replaced (zeros: none) has gone in the same step.
  void put(const Key& key, const Value& value, const Key& replaced) {
    WGHUB_CRASH_POINT("put.", name_);
    note({.key = key, .replaced = replaced, .value = value});
  }
  void erase(const Key& key) {
    WGHUB_CRASH_POINT("erase.", name_);
    if (content_.contains(key)) note({.key = key, .kind = Kind::erase});
  }

  /// Brings what was noted onto the disk; false, with a log line, when that failed. A later call tries again.
  bool sync() {
    const bool is_long = records_ > kFloorRecords && records_ > 2 * content_.size();
    if (dirty_ && (!file_ || is_long)) return rewrite();
    WGHUB_CRASH_POINT("sync.", name_);
    dirty_ = dirty_ && fdatasync(file_.get()) != 0;
    if (!dirty_) return true;
    log::error("a record did not reach the disk", {{"file", name_}, {"errno", std::int64_t{errno}}});
    file_ = Descriptor();  // what the disk has after a failed fsync is unknown
    return false;
  }

 private:
  enum class Kind : std::uint32_t { put = 0x314a4857, erase = 0x314a4858 };  // "WHJ1", the format, and its next

  // The index ties a record to its place, so that none can be moved, repeated or left out.
  struct Record {
    std::uint64_t index = 0;
    Key key{};
    Key replaced{};
    Value value{};
    Kind kind = Kind::put;
    Digest checksum{};
  };

  void load(Bytes rest, OnDamage on_damage) {
    for (; rest.size() >= sizeof(Record); rest = rest.subspan(sizeof(Record)), ++records_) {
      Record record;
      std::memcpy(&record, rest.data(), sizeof record);
      const bool is_known = record.kind == Kind::put || record.kind == Kind::erase;
      if (!is_known || record.index != records_ || record.checksum != checksum_of(record)) break;
      apply(record);
    }
    // A power cut leaves the last record half written, or room that was never written.
    const bool is_torn = rest.size() < 2 * sizeof(Record) || std::ranges::count(rest, 0) == std::ssize(rest);
    if (!is_torn) return set_aside(on_damage);
    if (!rest.empty()) log::warning("a torn end is dropped", {{"file", name_}, {"records", std::to_string(records_)}});
    file_ = Descriptor(openat(directory_.get(), name_.c_str(), O_WRONLY | O_CLOEXEC));
  }

  void set_aside(OnDamage on_damage) {
    const auto damage = name_ + ": record " + std::to_string(records_) + " is damaged";
    if (on_damage == OnDamage::refuse) throw DamagedState(damage);
    log::error("set aside as " + name_ + ".damaged", {{"reason", damage}});
    renameat(directory_.get(), name_.c_str(), directory_.get(), (name_ + ".damaged").c_str());
    content_.clear();
  }

  void note(Record record) {
    apply(record);
    dirty_ = true;
    record.index = records_;
    record.checksum = checksum_of(record);
    // A file that lacks a record is given up: sync() writes a new one.
    if (file_ && !write_at(file_, bytes_of(record), records_++ * sizeof record)) file_ = Descriptor();
  }

  void apply(const Record& record) {
    content_.erase(record.kind == Kind::erase ? record.key : record.replaced);
    if (record.kind == Kind::put) content_.insert_or_assign(record.key, record.value);
  }

  bool rewrite() {
    WGHUB_CRASH_POINT("rewrite.", name_);
    std::vector<Record> records;
    for (const auto& [key, value] : content_) {
      records.push_back({.index = records.size(), .key = key, .value = value});
      records.back().checksum = checksum_of(records.back());
    }
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(records.data());
    file_ = directory_.replace(name_, {bytes, records.size() * sizeof(Record)});
    records_ = records.size();
    dirty_ = !file_;
    return !dirty_;
  }

  const StateDirectory& directory_;
  std::string name_;
  Descriptor file_;  ///< none: the file lacks something and must be rewritten
  Content content_;
  std::uint64_t records_ = 0;  ///< in the file
  bool dirty_ = true;          ///< something noted is not on disk yet
};

}  // namespace wghub

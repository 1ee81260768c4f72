#include "wgprivd/engine/journal.h"

#include <fcntl.h>

#include <algorithm>

#include "common/log.h"

namespace wghub {
namespace {

enum class Kind : std::uint32_t { add = 0x314a4857, remove = 0x314a4858 };  // "WHJ1", the format, and its next

constexpr std::size_t kLimitBytes = std::size_t{1} << 30;

}  // namespace

// The index ties a record to its place, so that none can be moved, repeated or left out.
struct Journal::Record {
  std::uint64_t index = 0;
  PublicKey key;
  PublicKey replaced;  // all zero: none
  EngineAddresses addresses;
  Kind kind = Kind::add;
  Digest checksum{};
};

Journal::Journal(const StateDirectory& directory, OnDamage on_damage) : directory_(directory) {
  static_assert(sizeof(Record) == kRecordBytes);
  const auto bytes = directory.read("journal", kLimitBytes);
  if (!bytes) return;
  Bytes rest = *bytes;
  for (; rest.size() >= kRecordBytes; rest = rest.subspan(kRecordBytes), ++records_) {
    Record record;
    std::memcpy(&record, rest.data(), sizeof record);
    if (record.index != records_ || record.checksum != checksum_of(record)) break;
    apply(record);
  }
  // A power cut leaves the last record half written, or room that was never written.
  const bool is_torn = rest.size() < 2 * kRecordBytes || std::ranges::count(rest, 0) == std::ssize(rest);
  const auto damage = "journal: record " + std::to_string(records_) + " is damaged";
  if (!is_torn && on_damage == OnDamage::refuse) throw DamagedState(damage);
  if (!is_torn) {
    log::error("set aside as journal.damaged", {{"reason", damage}});
    renameat(directory.get(), "journal", directory.get(), "journal.damaged");
    peers_.clear();
    return;
  }
  if (!rest.empty()) log::warning("the journal's torn end is dropped", {{"records", std::to_string(records_)}});
  file_ = Descriptor(openat(directory.get(), "journal", O_WRONLY | O_CLOEXEC));
}

void Journal::add(const PublicKey& key, const EngineAddresses& addresses, const PublicKey& replaced) {
  note({.key = key, .replaced = replaced, .addresses = addresses});
}

void Journal::remove(const PublicKey& key) {
  if (peers_.contains(key)) note({.key = key, .kind = Kind::remove});
}

void Journal::note(Record record) {
  apply(record);
  dirty_ = true;
  record.index = records_;
  record.checksum = checksum_of(record);
  // A file that lacks a record is given up: sync() writes a new one.
  if (file_ && !write_at(file_, bytes_of(record), records_++ * kRecordBytes)) file_ = Descriptor();
}

void Journal::apply(const Record& record) {
  peers_.erase(record.kind == Kind::remove ? record.key : record.replaced);
  if (record.kind == Kind::add) peers_[record.key] = record.addresses;
}

bool Journal::sync() {
  if (!dirty_) return true;
  const bool is_long = records_ > kFloorRecords && records_ > 2 * peers_.size();
  if (!file_ || is_long) return rewrite();
  dirty_ = fdatasync(file_.get()) != 0;
  if (!dirty_) return true;
  log::error("the journal did not reach the disk", {{"errno", std::int64_t{errno}}});
  file_ = Descriptor();  // what the disk has after a failed fsync is unknown
  return false;
}

bool Journal::rewrite() {
  std::vector<Record> records;
  for (const auto& [key, addresses] : peers_) {
    records.push_back({.index = records.size(), .key = key, .addresses = addresses});
  }
  for (auto& record : records) record.checksum = checksum_of(record);
  file_ = directory_.replace("journal",
                             {reinterpret_cast<const std::uint8_t*>(records.data()), records.size() * kRecordBytes});
  records_ = records.size();
  dirty_ = !file_;
  return !dirty_;
}

}  // namespace wghub

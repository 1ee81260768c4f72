#include "wgprivd/engine/journal.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/log.h"

namespace wghub {
namespace {

enum class Kind : std::uint32_t { begin = 0x314a4857, add = 1, replace = 2, remove = 3 };  // begin: "WHJ1"

constexpr std::size_t kLimitBytes = std::size_t{1} << 30;

bool is_zero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

// The index ties a record to its place, so that none can be moved, repeated or left out.
struct Journal::Record {
  std::uint64_t index = 0;
  PublicKey key;
  PublicKey replaced;
  EngineAddresses addresses;
  Kind kind = Kind::begin;
  Digest checksum{};

  Digest expected_checksum() const { return sha256(bytes_of(*this).first(sizeof *this - sizeof checksum)); }
};

Journal::Journal(const StateDirectory& directory) : directory_(directory) {
  static_assert(sizeof(Record) == kRecordBytes);
  const auto bytes = directory.read(kFile, kLimitBytes);
  if (!bytes) return;
  const Bytes all = *bytes;
  for (Bytes rest = all; rest.size() >= kRecordBytes; rest = rest.subspan(kRecordBytes), ++records_) {
    Record record;
    std::memcpy(&record, rest.data(), sizeof record);
    const bool sound = record.index == records_ && (record.kind == Kind::begin) == (records_ == 0) &&
                       record.checksum == record.expected_checksum();
    if (sound) {
      apply(record);
      continue;
    }
    // A power cut leaves the last record half written, or room that was never written.
    const bool torn = records_ > 0 && (rest.size() < 2 * kRecordBytes || is_zero(rest));
    if (!torn) throw DamagedState("journal: record " + std::to_string(records_) + " is damaged");
    break;
  }
  if (records_ == 0) throw DamagedState("journal: has no beginning");
  if (records_ * kRecordBytes != all.size()) {
    log::warning("the journal's torn end was dropped", {{"records", static_cast<std::int64_t>(records_)}});
  }
  file_ = directory.open_for_writing(kFile);
  behind_ = !file_;
}

bool Journal::holds(const PublicKey& key, const EngineAddresses& addresses) const {
  const auto found = peers_.find(key);
  return found != peers_.end() && found->second.ipv4 == addresses.ipv4 && found->second.ipv6 == addresses.ipv6;
}

void Journal::add(const PublicKey& key, const EngineAddresses& addresses, const PublicKey* replaced) {
  Record record{.key = key, .addresses = addresses, .kind = Kind::add};
  if (replaced != nullptr) {
    record.kind = Kind::replace;
    record.replaced = *replaced;
  }
  note(record);
}

void Journal::remove(const PublicKey& key) {
  if (peers_.contains(key)) note({.key = key, .kind = Kind::remove});
}

void Journal::note(Record record) {
  apply(record);
  if (behind_) return;  // the rewriting takes it along
  record.index = records_;
  record.checksum = record.expected_checksum();
  if (write_all(file_.get(), bytes_of(record), records_ * kRecordBytes)) {
    ++records_;
    dirty_ = true;
  } else {
    behind_ = true;
    log::error("the journal cannot be written", {{"errno", std::int64_t{errno}}});
  }
}

void Journal::apply(const Record& record) {
  if (record.kind == Kind::remove) peers_.erase(record.key);
  if (record.kind == Kind::replace) peers_.erase(record.replaced);
  if (record.kind == Kind::add || record.kind == Kind::replace) peers_[record.key] = record.addresses;
}

bool Journal::sync() {
  if (records_ > kFloorRecords && records_ > 2 * peers_.size()) behind_ = true;
  if (behind_) return rewrite();
  if (!dirty_) return true;
  dirty_ = false;
  if (fdatasync(file_.get()) == 0) return true;
  behind_ = true;  // what the disk has after a failed fsync is unknown: start a new file
  log::error("the journal did not reach the disk", {{"errno", std::int64_t{errno}}});
  return false;
}

bool Journal::rewrite() {
  std::vector<std::uint8_t> bytes;
  bytes.reserve((peers_.size() + 1) * kRecordBytes);
  const auto append = [&bytes](Record record) {
    record.index = bytes.size() / kRecordBytes;
    record.checksum = record.expected_checksum();
    const Bytes added = bytes_of(record);
    bytes.insert(bytes.end(), added.begin(), added.end());
  };
  append({});
  for (const auto& [key, addresses] : peers_) append({.key = key, .addresses = addresses, .kind = Kind::add});
  if (!directory_.replace(kFile, bytes)) return false;
  file_ = directory_.open_for_writing(kFile);
  records_ = bytes.size() / kRecordBytes;
  behind_ = !file_;
  dirty_ = false;
  return !behind_;
}

}  // namespace wghub

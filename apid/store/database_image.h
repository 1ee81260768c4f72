// A whole SQLite database as bytes in memory: copied from under a running apid, checked, written to a file again. What
// a backup is made of; leaves encryption, and who may do it, to wghub.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct sqlite3;

namespace wghub::store {

/// What is in a database, so that a person knows which hub it is of.
struct DatabaseFacts {
  std::int64_t schema = 0;     ///< number of its newest migration
  std::string hub_public_key;  ///< base64; empty: not initialised, and so the next two
  std::string network;
  std::string endpoint;
  std::int64_t users = 0;   ///< who are not removed
  std::int64_t spokes = 0;  ///< that are not removed
  std::int64_t events = 0;  ///< the newest one's number in the audit trail
};

/// The schema that this version's apid makes; it refuses a newer one.
std::int64_t newest_schema();

/// Units: bytes. A larger database is not copied, nor taken.
inline constexpr std::int64_t kLargestDatabase = std::int64_t{4} << 30;

/// A copy that is one moment of the database, whoever writes to it meanwhile. It is in memory alone.
class DatabaseCopy {
 public:
  /// Errors: std::runtime_error, why it cannot be read.
  explicit DatabaseCopy(const std::string& path);
  DatabaseCopy(const DatabaseCopy&) = delete;
  DatabaseCopy& operator=(const DatabaseCopy&) = delete;
  ~DatabaseCopy();

  std::span<const std::uint8_t> bytes() const { return bytes_; }

 private:
  sqlite3* memory_ = nullptr;
  std::span<const std::uint8_t> bytes_;
};

/// Reads every page, row and index of a database in memory, and what it is.
/// Errors: std::runtime_error naming the first thing that is not in order.
DatabaseFacts check_database(std::span<const std::uint8_t> bytes);

/// Puts the database in the place of the file, on the disk; sessions and the set-up code are not in it any more: who
/// had one then may have lost the right to it since. After a crash the file is the old one or the new one. Errors:
/// std::runtime_error.
void write_database(std::span<const std::uint8_t> bytes, const std::string& path);

/// Whether the file is of a hub that somebody has set up, or of none yet. Errors: std::runtime_error.
bool is_in_use(const std::string& path);

}  // namespace wghub::store

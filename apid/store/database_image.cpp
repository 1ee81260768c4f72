#include "apid/store/database_image.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "common/descriptor.h"

namespace wghub::store {
namespace {

constexpr int kPatienceMilliseconds = 10'000;
constexpr std::size_t kWriteVersion = 18;  // bytes of the file's header; 2 is a file with a log beside it
constexpr std::size_t kReadVersion = 19;
constexpr std::size_t kHeaderBytes = 100;
constexpr auto kTables = "SELECT count(*) FROM sqlite_master WHERE name = 'schema_version'";

struct Closing {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
using Handle = std::unique_ptr<sqlite3, Closing>;

void require(int result, sqlite3* handle, const char* what) {
  if (result == SQLITE_OK) return;
  throw std::runtime_error(fmt::format("{}: {}", what, handle ? sqlite3_errmsg(handle) : sqlite3_errstr(result)));
}

Handle open_database(const std::string& name, int flags, const char* system = nullptr) {
  sqlite3* opened = nullptr;
  const int result = sqlite3_open_v2(name.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, system);
  Handle handle(opened);
  require(result, opened, name.c_str());
  sqlite3_busy_timeout(opened, kPatienceMilliseconds);
  return handle;
}

// The database is somebody's who may want this process to do more than read.
Handle open_bytes(std::span<const std::uint8_t> bytes) {
  auto handle = open_database(":memory:", SQLITE_OPEN_READWRITE);
  const auto size = static_cast<sqlite3_int64>(bytes.size());
  // Read-only: the bytes are not changed, and not freed.
  auto* const data = const_cast<unsigned char*>(bytes.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  require(sqlite3_deserialize(handle.get(), "main", data, size, size, SQLITE_DESERIALIZE_READONLY), handle.get(),
          "the database");
  sqlite3_db_config(handle.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return handle;
}

// The first column of the first row; empty when there is no row.
std::string value_of(const Handle& handle, const char* sql) {
  sqlite3_stmt* prepared = nullptr;
  require(sqlite3_prepare_v2(handle.get(), sql, -1, &prepared, nullptr), handle.get(), "the database");
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement(prepared, sqlite3_finalize);
  const int result = sqlite3_step(prepared);
  if (result == SQLITE_DONE) return "";
  if (result != SQLITE_ROW) require(result, handle.get(), "the database");
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(prepared, 0));
  return text == nullptr ? "" : text;
}

std::int64_t number_of(const Handle& handle, const char* sql) {
  const auto text = value_of(handle, sql);
  return text.empty() ? 0 : std::stoll(text);
}

void write_all(const Descriptor& file, std::span<const std::uint8_t> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const auto written = ::write(file.get(), bytes.data(), std::min(bytes.size(), std::size_t{1} << 24));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw std::runtime_error(fmt::format("{}: {}", path, std::strerror(errno)));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) throw std::runtime_error(fmt::format("{}: {}", path, std::strerror(errno)));
}

void sync_folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ::fsync(directory.get());
}

}  // namespace

std::int64_t newest_schema() { return WGHUB_SCHEMA; }

DatabaseCopy::DatabaseCopy(const std::string& path) {
  const auto source = open_database(path, SQLITE_OPEN_READWRITE);  // its log may have to be read, too
  auto target = open_database("file:copy?vfs=memdb", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI);
  sqlite3_int64 limit = kLargestDatabase;
  sqlite3_file_control(target.get(), "main", SQLITE_FCNTL_SIZE_LIMIT, &limit);
  auto* const backup = sqlite3_backup_init(target.get(), "main", source.get(), "main");
  if (backup == nullptr) require(sqlite3_errcode(target.get()), target.get(), path.c_str());
  // All pages in one step: one moment of it. Writers do not wait for that.
  int result = sqlite3_backup_step(backup, -1);
  for (int waited = 0; (result == SQLITE_BUSY || result == SQLITE_LOCKED) && waited < kPatienceMilliseconds; ++waited) {
    sqlite3_sleep(1);
    result = sqlite3_backup_step(backup, -1);
  }
  sqlite3_backup_finish(backup);
  if (result != SQLITE_DONE) throw std::runtime_error(fmt::format("{}: {}", path, sqlite3_errstr(result)));
  sqlite3_int64 size = 0;
  auto* const data = sqlite3_serialize(target.get(), "main", &size, SQLITE_SERIALIZE_NOCOPY);
  if (data == nullptr || size < static_cast<sqlite3_int64>(kHeaderBytes))
    throw std::runtime_error(path + ": is no database");
  // There is no log beside these bytes.
  data[kWriteVersion] = data[kReadVersion] = 1;
  bytes_ = {data, static_cast<std::size_t>(size)};
  memory_ = target.release();
}

DatabaseCopy::~DatabaseCopy() { sqlite3_close_v2(memory_); }

DatabaseFacts check_database(std::span<const std::uint8_t> bytes) {
  const auto handle = open_bytes(bytes);
  value_of(handle, "PRAGMA cell_size_check = ON");
  if (const auto fault = value_of(handle, "PRAGMA integrity_check(1)"); fault != "ok")
    throw std::runtime_error("the database is damaged: " + fault);
  if (const auto table = value_of(handle, "PRAGMA foreign_key_check"); !table.empty())
    throw std::runtime_error("the database is damaged: a row of " + table + " refers to one that is not there");
  if (number_of(handle, kTables) == 0) throw std::runtime_error("the database is not of a hub");
  DatabaseFacts facts;
  facts.schema = number_of(handle, "SELECT MAX(version) FROM schema_version");
  facts.hub_public_key = value_of(handle, "SELECT public_key FROM hub_config");
  facts.network = value_of(handle, "SELECT network_cidr FROM hub_config");
  facts.endpoint = value_of(handle, "SELECT endpoint FROM hub_config");
  facts.users = number_of(handle, "SELECT count(*) FROM users WHERE removed_at IS NULL");
  facts.spokes = number_of(handle, "SELECT count(*) FROM spoke_registrations WHERE removed_at IS NULL");
  facts.events = number_of(handle, "SELECT last_id FROM audit_head");
  return facts;
}

void write_database(std::span<const std::uint8_t> bytes, const std::string& path) {
  const auto made = path + ".restored";
  ::unlink(made.c_str());  // what a crash left
  {
    const Descriptor file(::open(made.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) throw std::runtime_error(fmt::format("{}: {}", made, std::strerror(errno)));
    write_all(file, bytes, made);
  }
  {
    const auto handle = open_database(made, SQLITE_OPEN_READWRITE);
    const auto* const sql = "PRAGMA synchronous = FULL; DELETE FROM sessions; DELETE FROM setup_code;";
    require(sqlite3_exec(handle.get(), sql, nullptr, nullptr, nullptr), handle.get(), made.c_str());
  }
  // The log of a database that was here before must not be taken for this one's.
  for (const char* part : {"-wal", "-shm", "-journal"}) ::unlink((path + part).c_str());
  if (::rename(made.c_str(), path.c_str()) != 0)
    throw std::runtime_error(fmt::format("{}: {}", path, std::strerror(errno)));
  sync_folder_of(path);
}

bool is_in_use(const std::string& path) {
  if (!std::filesystem::exists(path)) return false;
  const auto handle = open_database(path, SQLITE_OPEN_READWRITE);
  if (number_of(handle, kTables) == 0) return number_of(handle, "SELECT count(*) FROM sqlite_master") != 0;
  return number_of(handle, "SELECT count(*) FROM hub_config") + number_of(handle, "SELECT count(*) FROM users") != 0;
}

}  // namespace wghub::store

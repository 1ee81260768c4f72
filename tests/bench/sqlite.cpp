// SQLite alone, without our code: one small row a work, 16 works a commit, durable (WAL, synchronous=FULL). Prints
// works a second. bench_sqlite FILE COMMITS; FILE is made anew.
#include <fmt/format.h>
#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace {

constexpr int kGroup = 16;

class Bare {
 public:
  explicit Bare(const std::string& path) {
    for (const char* end : {"", "-wal", "-shm"}) std::remove((path + end).c_str());
    check(sqlite3_open(path.c_str(), &handle_));
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE bare (id INTEGER PRIMARY KEY, text TEXT);");
    check(sqlite3_prepare_v2(handle_, "INSERT INTO bare (text) VALUES (?)", -1, &insert_, nullptr));
  }
  ~Bare() {
    sqlite3_finalize(insert_);
    sqlite3_close(handle_);
  }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;

  void commit_group() {
    run("BEGIN IMMEDIATE");
    for (int i = 0; i < kGroup; ++i) {
      check(sqlite3_bind_text(insert_, 1, text_.c_str(), static_cast<int>(text_.size()), SQLITE_STATIC));
      if (sqlite3_step(insert_) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(handle_));
      check(sqlite3_reset(insert_));
    }
    run("COMMIT");
  }

 private:
  void check(int code) const {
    if (code != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(handle_));
  }
  void run(const char* sql) { check(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr)); }

  sqlite3* handle_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  std::string text_ = std::string(200, 'x');
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int commits = std::stoi(argv[2]);
  Bare bare(argv[1]);
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < commits; ++i) bare.commit_group();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  fmt::print("{}\n", kGroup * commits / seconds.count());
}

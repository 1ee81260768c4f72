// A child that does one thing as a lesser user: wghub, as root, neither opens apid's files nor parses a database
// itself. The child is made before any secret is read, and is spoken to over a socket; or it becomes the engine's
// program.
#pragma once

#include <sys/types.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "apid/cli/backup/fault.h"
#include "common/bytes.h"
#include "common/descriptor.h"

namespace wghub::cli {

/// One end of the socket. Units: bytes. Errors, of all: Fault; also after an hour of silence.
class Channel {
 public:
  explicit Channel(Descriptor socket) : socket_(std::move(socket)) {}

  void send(Bytes bytes) const;
  void send_text(const std::string& text) const;
  std::vector<std::uint8_t> receive(std::uint64_t limit) const;
  std::string receive_text(std::uint64_t limit) const;

  /// In two steps, for what is too large to be held twice: the size first, then as many pieces as make it up.
  void send_size(std::uint64_t size) const;
  void send_piece(Bytes bytes) const;
  std::uint64_t receive_size(std::uint64_t limit) const;
  void receive_piece(std::span<std::uint8_t> bytes) const;

 private:
  Descriptor socket_;
};

class Worker {
 public:
  using Work = std::function<void(const Channel&)>;

  /// Starts work in a child of that user; empty: of the present one. A Fault of work's is told on stderr.
  /// Errors: Fault when there is no such user, or no process.
  Worker(const std::string& user, const Work& work);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Ends a child that still works.
  ~Worker();

  /// Speaks with the child. When that fails because the child has ended, the child's own Fault is the one thrown.
  template <class Speech>
  auto speak(Speech speech) {
    try {
      return speech(channel_);
    } catch (const Fault&) {
      finish();
      throw;
    }
  }

  /// Waits for the end of the work. Errors: Fault, without text as the child told it, when that was one.
  void finish();

 private:
  Channel channel_;
  pid_t process_ = 0;
};

/// What a program is started with: its path first; descriptors by the names under which it looks for them.
struct Program {
  std::vector<std::string> arguments;
  std::string user;  ///< empty: the present one
  std::vector<std::pair<std::string, int>> descriptors = {};
};

/// What became of it: its exit code, and the end of what it wrote to stderr and stdout.
struct Ended {
  int code = 0;
  std::string said;
};

/// Runs the program to its end, of at most five minutes. Errors: Fault when it cannot be started.
Ended run_program(const Program& program);

}  // namespace wghub::cli

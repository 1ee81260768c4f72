#include "apid/cli/password_prompt.h"

#include <termios.h>
#include <unistd.h>

#include <string>

#include "apid/cli/output.h"

namespace wghub::cli {
namespace {

constexpr std::size_t kLongest = 1024;
constexpr char kInterrupt = 3;  // Ctrl-C
constexpr char kErase = 127;

// Until the next line nothing that is typed is shown. Keys make no signals meanwhile, so that nobody is left with a
// terminal that shows nothing.
class Unseen {
 public:
  Unseen() {
    tcgetattr(STDIN_FILENO, &before_);
    termios unseen = before_;
    unseen.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG | ICANON);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
  ~Unseen() { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }

 private:
  termios before_{};
};

std::optional<Secret> fault(const char* text) {
  complain(text);
  return std::nullopt;
}

std::optional<Secret> read_line(bool typed) {
  std::string line;
  line.reserve(kLongest);  // a longer one would leave copies behind
  char character = 0;
  while (::read(STDIN_FILENO, &character, 1) == 1 && character != '\n') {
    if (typed && character == kInterrupt) return fault("broken off");
    if (line.size() >= kLongest) return fault("the password is too long");
    if (!typed || character != kErase)
      line.push_back(character);
    else if (!line.empty())
      line.pop_back();
  }
  return Secret(std::move(line));
}

std::optional<Secret> ask(const std::string& prompt) {
  const Unseen unseen;
  write_to(stderr, prompt);
  auto line = read_line(true);
  write_to(stderr, "\n");
  return line;
}

}  // namespace

std::optional<Secret> ask_password(const std::string& what) {
  if (::isatty(STDIN_FILENO) == 0) return read_line(false);
  auto first = ask("New " + what + ": ");
  if (!first) return std::nullopt;
  const auto second = ask("The same again: ");
  if (!second) return std::nullopt;
  if (first->reveal() != second->reveal()) return fault("the two differ");
  return first;
}

std::optional<Secret> ask_known_password(const std::string& what) {
  return ::isatty(STDIN_FILENO) == 0 ? read_line(false) : ask("The " + what + ": ");
}

}  // namespace wghub::cli

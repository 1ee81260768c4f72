#include "apid/cli/backup/worker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill is not in <csignal>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include "apid/cli/output.h"

namespace wghub::cli {
namespace {

constexpr timeval kLongestSilence{3600, 0};
constexpr std::int64_t kLongestProgram = 300;  // seconds
constexpr std::chrono::milliseconds kLook{5};
constexpr std::size_t kSaid = 4096;
constexpr int kFirstDescriptor = 3;  // where sd_listen_fds(3) looks
constexpr int kOutOfTheWay = 100;    // above every descriptor that is handed over
constexpr int kCannotStart = 126;

Fault system_fault(const char* what) { return {Exit::faulty, fmt::format("{}: {}", what, std::strerror(errno))}; }

struct Account {
  uid_t user = 0;
  gid_t group = 0;
};

std::optional<Account> account_of(const std::string& user) {
  if (user.empty()) return std::nullopt;
  const passwd* found = ::getpwnam(user.c_str());  // NOLINT(concurrency-mt-unsafe): no other thread
  if (found == nullptr) throw Fault(Exit::faulty, "there is no user " + user + ": is the hub installed?");
  return Account{found->pw_uid, found->pw_gid};
}

// There is no way back, and the child does not outlive its parent.
bool become(const std::optional<Account>& account) {
  ::umask(077);
  if (account && (::setgroups(0, nullptr) != 0 || ::setresgid(account->group, account->group, account->group) != 0 ||
                  ::setresuid(account->user, account->user, account->user) != 0))
    return false;
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0;
}

// One that takes longer than so many seconds is ended.
int wait_for(pid_t process, std::int64_t seconds) {
  int status = 0;
  const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  pid_t ended = 0;
  while ((ended = ::waitpid(process, &status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
    if (std::chrono::steady_clock::now() > latest) ::kill(process, SIGKILL);
    std::this_thread::sleep_for(kLook);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

[[noreturn]] void work_in_child(const std::optional<Account>& account, const Worker::Work& work, Channel channel) {
  Exit end = Exit::done;
  try {
    if (!become(account)) throw system_fault("a child cannot become another user");
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    work(channel);
  } catch (const Fault& fault) {
    if (*fault.what() != '\0') complain(printable(fault.what()));
    end = fault.exit;
  } catch (const std::exception& fault) {
    complain(printable(fault.what()));
    end = Exit::faulty;
  }
  ::_exit(static_cast<int>(end));
}

// In the child: the descriptors from 3 up in their order, told as systemd tells them, and nothing else.
void hand_over(const Program& program) {
  std::vector<int> moved;
  std::string names;
  for (const auto& [name, number] : program.descriptors) {
    moved.push_back(::fcntl(number, F_DUPFD, kOutOfTheWay));
    names += (names.empty() ? "" : ":") + name;
  }
  const auto count = static_cast<int>(moved.size());
  for (int i = 0; i < count; ++i) ::dup2(moved[static_cast<std::size_t>(i)], kFirstDescriptor + i);
  ::close_range(static_cast<unsigned>(kFirstDescriptor + count), ~0U, 0);
  if (count == 0) return;
  // NOLINTBEGIN(concurrency-mt-unsafe): no other thread
  ::setenv("LISTEN_FDS", std::to_string(count).c_str(), 1);
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDNAMES", names.c_str(), 1);
  // NOLINTEND(concurrency-mt-unsafe)
}

[[noreturn]] void become_program(const Program& program, const std::optional<Account>& account, int output) {
  if (become(account)) {
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::unsetenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): no other thread
    hand_over(program);
    std::vector<char*> arguments;
    for (const auto& argument : program.arguments)
      arguments.push_back(const_cast<char*>(argument.c_str()));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    arguments.push_back(nullptr);
    ::execv(arguments.front(), arguments.data());
  }
  ::_exit(kCannotStart);
}

// What a program says fits into a pipe, or is cut: it must not wait for a reader.
std::string end_of(const Descriptor& pipe) {
  std::string text;
  std::array<char, 512> part{};
  ::fcntl(pipe.get(), F_SETFL, O_NONBLOCK);
  for (ssize_t got = 0; (got = ::read(pipe.get(), part.data(), part.size())) > 0;)
    text.append(part.data(), static_cast<std::size_t>(got));
  return text.size() > kSaid ? text.substr(text.size() - kSaid) : text;
}

}  // namespace

void Channel::send(Bytes bytes) const {
  send_size(bytes.size());
  send_piece(bytes);
}

void Channel::send_text(const std::string& text) const {
  send({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::vector<std::uint8_t> Channel::receive(std::uint64_t limit) const {
  std::vector<std::uint8_t> bytes(receive_size(limit));
  receive_piece(bytes);
  return bytes;
}

std::string Channel::receive_text(std::uint64_t limit) const {
  const auto bytes = receive(limit);
  return {bytes.begin(), bytes.end()};
}

void Channel::send_size(std::uint64_t size) const {
  send_piece({reinterpret_cast<const std::uint8_t*>(&size), sizeof size});
}

void Channel::send_piece(Bytes bytes) const {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) throw Fault(Exit::faulty, "a child of wghub has ended early");
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
}

std::uint64_t Channel::receive_size(std::uint64_t limit) const {
  std::uint64_t size = 0;
  receive_piece({reinterpret_cast<std::uint8_t*>(&size), sizeof size});
  if (size > limit) throw Fault(Exit::faulty, "what a child of wghub has to say is too long");
  return size;
}

void Channel::receive_piece(std::span<std::uint8_t> bytes) const {
  while (!bytes.empty()) {
    const auto got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw Fault(Exit::faulty, "a child of wghub has ended early");
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

Worker::Worker(const std::string& user, const Work& work) : channel_(Descriptor()) {
  const auto account = account_of(user);
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw system_fault("a socket");
  Descriptor own(ends[0]);
  Descriptor childs(ends[1]);
  for (const int end : ends) {
    ::setsockopt(end, SOL_SOCKET, SO_RCVTIMEO, &kLongestSilence, sizeof kLongestSilence);
    ::setsockopt(end, SOL_SOCKET, SO_SNDTIMEO, &kLongestSilence, sizeof kLongestSilence);
  }
  process_ = ::fork();
  if (process_ < 0) throw system_fault("a child cannot be made");
  if (process_ == 0) {
    own = Descriptor();
    work_in_child(account, work, Channel(std::move(childs)));
  }
  channel_ = Channel(std::move(own));
}

Worker::~Worker() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  wait_for(process_, kLongestProgram);
}

void Worker::finish() {
  if (process_ <= 0) return;
  channel_ = Channel(Descriptor());  // a child that still listens hears that it is over
  const int code = wait_for(std::exchange(process_, 0), kLongestSilence.tv_sec);
  if (code == 0) return;
  if (code < 128) throw Fault(static_cast<Exit>(code), "");
  throw Fault(Exit::faulty, fmt::format("a child of wghub ended by signal {}", code - 128));
}

Ended run_program(const Program& program) {
  const auto account = account_of(program.user);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_fault("a pipe");
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  const pid_t process = ::fork();
  if (process < 0) throw system_fault("a child cannot be made");
  if (process == 0) become_program(program, account, writing.get());
  writing = Descriptor();
  Ended ended{wait_for(process, kLongestProgram), ""};
  ended.said = end_of(reading);
  if (ended.code == kCannotStart) throw Fault(Exit::faulty, program.arguments.front() + " cannot be started");
  return ended;
}

}  // namespace wghub::cli

#include "apid/cli/backup/hub_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/state_directory.h"

namespace wghub::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto kUsualState = "/var/lib/wireguard-hub";
constexpr auto kEngineState = "/var/lib/wireguard-hub-privileged";
constexpr auto kApiUser = "wghub";
constexpr auto kEngineUser = "wgprivd";
constexpr std::size_t kPassedBytes = std::size_t{1} << 20;
constexpr std::uint64_t kFactsBytes = 4096;

Fault file_fault(const std::string& path) { return {Exit::faulty, fmt::format("{}: {}", path, std::strerror(errno))}; }

// The package's, quickstart's, or the one beside a wghub that was built here.
std::string engine_program() {
  std::error_code ignored;
  const auto beside = fs::read_symlink("/proc/self/exe", ignored).parent_path().string();
  for (const auto& folder :
       {std::string("/usr/libexec/wireguard-hub"), std::string("/usr/local/libexec/wireguard-hub"), beside})
    if (::access((folder + "/wgprivd-engine").c_str(), X_OK) == 0) return folder + "/wgprivd-engine";
  return "";
}

HubPlaces places(const std::string& configuration, const std::string& readable) {
  HubPlaces made{
      configuration, (fs::path(configuration).parent_path() / "kek").string(), kEngineState, engine_program(), {}};
  try {
    made.settings = app::read_configuration(readable, {});
  } catch (const std::runtime_error& fault) {
    throw Fault(Exit::faulty, fault.what());
  }
  return made;
}

Ended run_engine(const HubPlaces& hub, const char* mode, int pipe) {
  if (hub.engine_program.empty()) throw Fault(Exit::faulty, "wgprivd-engine is not installed");
  const Descriptor key(::open(hub.sealing_key.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!key) throw file_fault(hub.sealing_key);
  const Program program{{hub.engine_program, "--state", hub.engine_state, "--backup", mode},
                        kEngineUser,
                        {{"kek", key.get()}, {"backup", pipe}}};
  return run_program(program);
}

std::pair<Descriptor, Descriptor> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw file_fault("a pipe");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

std::string encode(const store::DatabaseFacts& facts) {
  return boost::json::serialize(boost::json::object{{"schema", facts.schema},
                                                    {"publicKey", facts.hub_public_key},
                                                    {"network", facts.network},
                                                    {"endpoint", facts.endpoint},
                                                    {"users", facts.users},
                                                    {"spokes", facts.spokes},
                                                    {"events", facts.events}});
}

store::DatabaseFacts decode(const std::string& text) {
  const auto value = boost::json::parse(text);
  const auto text_of = [&value](const char* name) { return std::string(value.at(name).as_string()); };
  const auto number_of = [&value](const char* name) { return value.at(name).to_number<std::int64_t>(); };
  return {number_of("schema"), text_of("publicKey"), text_of("network"), text_of("endpoint"),
          number_of("users"),  number_of("spokes"),  number_of("events")};
}

const passwd& account(const char* user) {
  const auto* found = ::getpwnam(user);  // NOLINT(concurrency-mt-unsafe): no other thread
  if (found == nullptr)
    throw Fault(Exit::faulty, fmt::format("there is no user {}: install the hub first, then restore", user));
  return *found;
}

void make_folder(const std::string& path, const char* user, mode_t mode) {
  if (fs::is_directory(path)) return;
  if (path != kUsualState && path != kEngineState) throw Fault(Exit::faulty, path + ": make this folder first");
  const auto& owner = account(user);
  if (::mkdir(path.c_str(), mode) != 0 || ::lchown(path.c_str(), owner.pw_uid, owner.pw_gid) != 0)
    throw file_fault(path);
}

void make_sealing_key(const std::string& path) {
  if (fs::exists(path)) return;
  fs::create_directories(fs::path(path).parent_path());
  SecretKey key;
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400));
  if (!file || !make_key(key) || ::write(file.get(), key.bytes.data(), key.bytes.size()) != std::ssize(key.bytes) ||
      ::fsync(file.get()) != 0)
    throw file_fault(path);
}

Bytes as_bytes(const std::string& text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

}  // namespace

HubPlaces places_of(const std::string& configuration) {
  if (!fs::is_regular_file(configuration)) throw Fault(Exit::not_found, configuration + ": there is no such file");
  return places(configuration, configuration);
}

HubPlaces places_by(const std::string& configuration, const std::string& text) {
  // In memory: it may name what is nobody else's business.
  const Descriptor file(::memfd_create("apid.toml", MFD_CLOEXEC));
  if (!file || !write_at(file, as_bytes(text), 0)) throw file_fault("memory for a configuration");
  return places(configuration, "/proc/self/fd/" + std::to_string(file.get()));
}

void require_root(const char* what) {
  if (::geteuid() != 0) throw Fault(Exit::wrong_use, fmt::format("{} is for root on the hub's machine", what));
}

void note_for_the_log(const std::string& what) { ::syslog(LOG_AUTHPRIV | LOG_NOTICE, "wghub: %s", what.c_str()); }

std::string read_small_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return "";
  std::string text(kLargestText + 1, '\0');
  const auto size = file ? ::read(file.get(), text.data(), text.size()) : -1;
  if (size < 0) throw file_fault(path);
  if (size > static_cast<ssize_t>(kLargestText)) throw Fault(Exit::faulty, path + ": is too long");
  text.resize(static_cast<std::size_t>(size));
  return text;
}

void give_api_state(const HubPlaces& hub, const Channel& parent) {
  const auto folder = hub.settings.state_directory + "/tls/";
  parent.send_text(read_small_file(folder + "certificate.pem"));
  parent.send_text(read_small_file(folder + "key.pem"));
  const store::DatabaseCopy copy(hub.settings.database_path);
  static_cast<void>(store::check_database(copy.bytes()));
  parent.send(copy.bytes());
}

void give_facts(const HubPlaces& hub, const Channel& parent) {
  const store::DatabaseCopy copy(hub.settings.database_path);
  parent.send_text(encode(store::check_database(copy.bytes())));
}

store::DatabaseFacts take_facts(Worker& child) {
  return child.speak([](const Channel& channel) { return decode(channel.receive_text(kFactsBytes)); });
}

std::vector<std::uint8_t> take_database(const Channel& parent) {
  auto bytes = parent.receive(static_cast<std::uint64_t>(store::kLargestDatabase));
  parent.send_text(encode(store::check_database(bytes)));
  return bytes;
}

store::DatabaseFacts pass_database(EnvelopeReader& reader, std::uint64_t size, Worker& child) {
  std::vector<std::uint8_t> piece(kPassedBytes);
  child.speak([&](const Channel& channel) { channel.send_size(size); });
  for (auto left = size; left > 0;) {
    const auto part = std::span(piece).first(std::min<std::uint64_t>(left, piece.size()));
    reader.read(part);
    child.speak([&](const Channel& channel) { channel.send_piece(part); });
    left -= part.size();
  }
  reader.expect_end();
  return take_facts(child);
}

void store_api_state(const HubPlaces& hub, const std::vector<std::uint8_t>& database, const Channel& parent) {
  const auto certificate = parent.receive_text(kLargestText);
  const auto key = parent.receive_text(kLargestText);
  const auto folder = hub.settings.state_directory + "/tls";
  if (!certificate.empty()) {
    fs::create_directory(folder);
    fs::permissions(folder, fs::perms::owner_all);
    const StateDirectory directory(folder);
    if (!directory.replace("key.pem", as_bytes(key)) ||
        !directory.replace("certificate.pem", as_bytes(certificate), 0644))
      throw file_fault(folder);
  }
  store::write_database(database, hub.settings.database_path);
  parent.send_text("done");
}

void give_secrets(const HubPlaces& hub, HubSecrets& secrets) {
  auto [reading, writing] = make_pipe();
  const auto ended = run_engine(hub, "give", writing.get());
  writing = Descriptor();
  if (ended.code == EX_NOINPUT) throw Fault(Exit::not_found, "there is no hub on this machine yet: nothing to back up");
  const auto size = ::read(reading.get(), &secrets.content, sizeof secrets.content);
  if (ended.code != 0 || size != sizeof secrets.content || !is_sound(secrets))
    throw Fault(Exit::faulty, "the engine did not give the hub's key: " + ended.said);
}

void take_secrets(const HubPlaces& hub, const HubSecrets& secrets) {
  auto [reading, writing] = make_pipe();
  const auto bytes = bytes_of(secrets.content);  // less than a pipe takes at once
  if (::write(writing.get(), bytes.data(), bytes.size()) != std::ssize(bytes)) throw file_fault("a pipe");
  writing = Descriptor();
  const auto ended = run_engine(hub, "take", reading.get());
  if (ended.code == EX_CANTCREAT)
    throw Fault(Exit::refused, "a hub with another key or network is on this machine already; nothing was changed");
  if (ended.code != 0) throw Fault(Exit::faulty, "the engine did not take the hub's key: " + ended.said);
}

void make_ready(const HubPlaces& hub) {
  make_folder(hub.settings.state_directory, kApiUser, 0750);
  make_folder(hub.engine_state, kEngineUser, 0700);
  make_sealing_key(hub.sealing_key);
}

void store_configuration(const HubPlaces& hub, const std::string& text) {
  if (text.empty() || read_small_file(hub.configuration) == text) return;
  if (fs::exists(hub.configuration)) fs::rename(hub.configuration, hub.configuration + ".before-restore");
  const fs::path path(hub.configuration);
  const StateDirectory directory(path.parent_path().string());
  const auto file = directory.replace(path.filename().string(), as_bytes(text), 0600);
  if (!file || ::fchown(file.get(), 0, account(kApiUser).pw_gid) != 0 || ::fchmod(file.get(), 0640) != 0)
    throw file_fault(hub.configuration);
}

}  // namespace wghub::cli

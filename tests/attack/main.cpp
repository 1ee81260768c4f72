// An attacker in full control of apid (rpc) or of the front (engine), or any other local user (wrong-caller): tries
// what design and threat model say must fail, against running daemons. Leaves starting them to the test that runs it.
// Prints «refused: …» or «ALLOWED: …» an attempt. Ends with 0: all refused, 1: something got through, 2: could not try.
#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <iterator>
#include <system_error>

#include <CLI/CLI.hpp>

#include "common/key.h"
#include "tests/attack/target.h"

namespace wghub::attack {
namespace {

constexpr const char* kOutcomes[] = {"done",
                                     "unchanged",
                                     "deferred",
                                     "interface missing",
                                     "malformed",
                                     "key exists",
                                     "key missing",
                                     "not configured",
                                     "network not allowed",
                                     "network overlap",
                                     "policy mismatch",
                                     "interface exists",
                                     "invalid key",
                                     "hub key",
                                     "address outside",
                                     "address reserved",
                                     "address held",
                                     "replaces mismatch",
                                     "preshared key",
                                     "stale snapshot",
                                     "failed"};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The key as 32 bytes, from a file that has them raw or as a line of base64.
PublicKey read_key(const std::string& path) {
  auto text = read_file(path);
  PublicKey key;
  if (text.size() == key.bytes.size()) {
    std::copy(text.begin(), text.end(), key.bytes.begin());
    return key;
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const auto parsed = parse_public_key(text);
  if (!parsed) throw std::runtime_error("no key in " + path);
  return *parsed;
}

void search(const std::string& key_path, Report& report) {
  const auto key = read_key(key_path);
  const auto& received = report.received();
  const std::string raw(key.bytes.begin(), key.bytes.end());
  const bool found = received.find(raw) != std::string::npos || received.find(to_hex(key)) != std::string::npos ||
                     received.find(to_base64(key).substr(0, 42)) != std::string::npos;
  report.judge("read the hub's private key from any answer", !found,
               "not in " + std::to_string(received.size()) + " bytes");
}

struct Options {
  std::string socket;
  std::string type = "stream";
  std::string key_file;
  std::string network;
};

void try_as_wrong_caller(const Options& options, Report& report) {
  try {
    const bool answered = options.type == "stream" ? rpc_answers(options.socket) : engine_answers(options.socket);
    report.judge("call as another user", !answered, answered ? "got an answer" : "connection closed");
  } catch (const std::system_error& fault) {
    // Only a closed door counts: a socket where nobody listens says nothing.
    if (fault.code().value() != EACCES) throw;
    report.refused("call as another user", fault.what());
  }
}

void try_as_caller(const Options& options, bool rpc, Report& report) {
  {
    const auto target = rpc ? rpc_target(options.socket) : engine_target(options.socket);
    if (!options.network.empty()) set_up(*target, options.network);
    attack_with_calls(*target, report);
    report.saw(target->received());
  }
  rpc ? attack_rpc_socket(options.socket, report) : attack_engine_socket(options.socket, report);
  if (!options.key_file.empty()) search(options.key_file, report);
}

}  // namespace

void Report::refused(const std::string& attempt, const std::string& how) {
  ++refused_;
  std::cout << "refused: " << attempt << " (" << how << ")\n";
}

void Report::allowed(const std::string& attempt, const std::string& how) {
  ++allowed_;
  std::cout << "ALLOWED: " << attempt << " (" << how << ")\n";
}

void Report::judge(const std::string& attempt, const std::optional<EngineStatusPage>& answer) {
  if (!answer) return refused(attempt, "no outcome");
  const auto outcome = std::min(answer->reply.outcome, EngineOutcome::failed);
  if (outcome == EngineOutcome::deferred) throw std::runtime_error("no answer to: " + attempt);
  judge(attempt, outcome > EngineOutcome::unchanged, kOutcomes[static_cast<std::size_t>(outcome)]);
}

void Report::judge(const std::string& attempt, bool is_refused, const std::string& how) {
  is_refused ? refused(attempt, how) : allowed(attempt, how);
}

}  // namespace wghub::attack

int main(int argc, char** argv) {
  using namespace wghub::attack;
  Options options;
  CLI::App app("Attacks the helper's sockets", "attack_client");
  app.require_subcommand(1);
  auto* rpc = app.add_subcommand("rpc", "as apid, on the front's socket");
  auto* engine = app.add_subcommand("engine", "as the front, on the engine's socket");
  auto* wrong = app.add_subcommand("wrong-caller", "as whoever runs this, on either");
  for (auto* command : {rpc, engine, wrong}) command->add_option("--socket", options.socket)->required();
  for (auto* command : {rpc, engine}) {
    command->add_option("--private-key", options.key_file, "A file with the hub's private key, to search answers for");
    command->add_option("--configure", options.network, "Set the hub up with this network first");
  }
  wrong->add_option("--type", options.type)->check(CLI::IsMember({"stream", "seqpacket"}));
  CLI11_PARSE(app, argc, argv);
  Report report;
  try {
    wrong->parsed() ? try_as_wrong_caller(options, report) : try_as_caller(options, rpc->parsed(), report);
  } catch (const std::exception& fault) {
    std::cout << "not tried: " << fault.what() << '\n';
    return 2;
  }
  std::cout << report.refused_count() << " refused, " << report.allowed_count() << " allowed\n";
  return report.allowed_count() == 0 ? 0 : 1;
}

// What the attacks share: a record sent to one of the helper's two sockets, and the report of what came of it.
// Leaves the sockets to engine_target.cpp and rpc_target.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/engine_record.h"

namespace wghub::attack {

/// One of the two sockets. Reconnects when the other side has closed the connection.
class Target {
 public:
  virtual ~Target() = default;

  /// The answer to a request; nothing when the connection was closed or the call was refused without an outcome.
  /// Errors: std::runtime_error when neither happens within 12 s.
  virtual std::optional<EngineStatusPage> send(const EngineRequest& request) = 0;

  /// Every byte that ever came back.
  const std::string& received() const { return received_; }

 protected:
  std::string received_;
};

std::unique_ptr<Target> engine_target(const std::string& path);
std::unique_ptr<Target> rpc_target(const std::string& path);

/// One printed line an attempt, and whether anything got through.
class Report {
 public:
  void refused(const std::string& attempt, const std::string& how);
  void allowed(const std::string& attempt, const std::string& how);
  /// Judges by the outcome: done and unchanged are allowed, everything else is refused.
  void judge(const std::string& attempt, const std::optional<EngineStatusPage>& answer);
  void judge(const std::string& attempt, bool is_refused, const std::string& how);

  /// Keeps what came back, to be searched in the end.
  void saw(const std::string& bytes) { received_ += bytes; }
  const std::string& received() const { return received_; }

  int refused_count() const { return refused_; }
  int allowed_count() const { return allowed_; }

 private:
  int refused_ = 0;
  int allowed_ = 0;
  std::string received_;
};

/// The same attempts on either socket: what a caller in full control can put into well-formed calls.
/// Makes the hub's key when there is none. Without a policy only policies are tried; else it adds a peer of its own and
/// takes it away again, which fixes the policy.
void attack_with_calls(Target& target, Report& report);

/// What apid does at set-up: key and policy. network is CIDR text; the port is 51820, the MTU 1420.
void set_up(Target& target, const std::string& network);

/// What only that socket's protocol can carry: wrong sizes, unknown operations, garbage, floods.
void attack_engine_socket(const std::string& path, Report& report);
void attack_rpc_socket(const std::string& path, Report& report);

/// What more than one record tells: replays, ids, several connections, answers that are not read.
void attack_engine_with_lies(const std::string& path, Report& report);

/// Whether a caller of this process's user gets any answer.
bool engine_answers(const std::string& path);
bool rpc_answers(const std::string& path);

}  // namespace wghub::attack

// Makes install scripts from the templates in share/install (R12, R13). Which token may have one is TokenService's.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apid/model/spoke.h"
#include "apid/model/token.h"
#include "common/digest.h"

namespace wghub {

/// (name of the placeholder, text as it is to stand in the script)
using ScriptValues = std::vector<std::pair<std::string_view, std::string>>;

/// A template, cut at its placeholders.
class ScriptTemplate {
 public:
  /// Replaces `{{INCLUDE name}}` and `{{INCLUDE folder/name}}` lines by files of lib/, then finds `{{NAME}}`. Throws
  /// std::runtime_error naming the file when it is absent, names an unknown include, or is not plain ASCII with LF line
  /// ends (R10).
  ScriptTemplate(const std::string& directory, const std::string& file);

  /// Throws std::runtime_error for a placeholder without value.
  std::string render(const ScriptValues& values) const;

  /// SHA-256 of what render() returns. Hashes only what stands behind the first placeholder, so a template is cheap
  /// when its values come late.
  Digest digest(const ScriptValues& values) const;

 private:
  const std::string& value_of(const std::string& placeholder, const ScriptValues& values) const;

  std::string name_;
  Sha256 beginning_;                                         ///< of the text before the first placeholder
  std::vector<std::pair<std::string, std::string>> pieces_;  ///< (literal text, placeholder behind it or empty)
};

/// The exit codes of R72 that an error body uses.
struct ScriptError {
  std::string message;  ///< constant text, no user data
  int exit_code = 44;
};

class ScriptRenderer {
 public:
  /// Reads every template once. Throws std::runtime_error naming what is missing.
  explicit ScriptRenderer(const std::string& share_directory);

  /// The script of a token: a pure function of row, token text and platform. Throws std::runtime_error for a value that
  /// is not on the allow-list (R13), which checked input cannot reach.
  std::string install_script(const Token& token, std::string_view token_text, Platform platform) const;

  /// SHA-256 of that script, for a fraction of what making it costs. Throws as that does.
  Digest install_script_digest(const Token& token, std::string_view token_text, Platform platform) const;

  /// A harmless program that prints one message and exits (R6); for Windows a throw.
  std::string error_script(const ScriptError& error, bool windows) const;

  /// The body of TOKEN_ALREADY_USED: goes on with an unfinished install of this token on this machine (R1).
  /// used_at: a timestamp, for people.
  std::string resume_script(const std::string& token_hash, const std::string& used_at) const;

 private:
  std::map<Platform, ScriptTemplate> install_;
  ScriptTemplate error_;
  ScriptTemplate resume_;
};

}  // namespace wghub

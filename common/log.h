// Structured log lines: fields to the journal when it reads our stderr, else one JSON object a line on stderr.
// Leaves filtering to journalctl or jq. A Secret has no way in here.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace wghub::log {

/// One named value of a line; the journal shows it as WGHUB_<NAME>. Names are lower_case.
struct Field {
  Field(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  Field(std::string_view field_name, const char* text) : name(field_name), value(text) {}
  Field(std::string_view field_name, std::string text) : name(field_name), value(std::move(text)) {}
  Field(std::string_view field_name, std::int64_t number) : name(field_name), value(std::to_string(number)) {}

  std::string_view name;
  std::string value;
};

using Fields = std::initializer_list<Field>;

/// The severities of syslog(3) that we use; message is one constant sentence, what varies goes into the fields.
void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warning(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});

/// Debug lines are dropped unless this was called with true.
void set_verbose(bool verbose);

}  // namespace wghub::log

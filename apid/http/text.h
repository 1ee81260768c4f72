// Small readings of header texts that several files of this folder need. ASCII only, as HTTP's own words are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wghub::http {

std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view left, std::string_view right);

/// Without spaces and tabs at both ends.
std::string_view trim(std::string_view text);

/// The trimmed parts between separators; empty parts are kept.
std::vector<std::string_view> split(std::string_view text, char separator);

/// Whether a list such as Accept or Accept-Encoding names the value with q > 0. Wildcards do not count.
bool names_with_weight(std::string_view list, std::string_view value);

/// Control characters replaced by '?', cut after `limit` bytes.
std::string printable(std::string_view text, std::size_t limit);

}  // namespace wghub::http

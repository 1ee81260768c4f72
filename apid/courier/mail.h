// The headers of a mail, as RFC 5322 has them. Its body and the talk with the mail server are libcurl's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wghub {

/// Lines without their ends. id: what makes Message-ID unlike all others. Units: now in epoch seconds.
std::vector<std::string> mail_headers(const std::string& from, const std::string& to, const std::string& subject,
                                      const std::string& id, std::int64_t now);

}  // namespace wghub

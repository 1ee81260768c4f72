#include "apid/courier/mail.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>

namespace wghub {

// Days and months are English whatever the machine's language is.
std::vector<std::string> mail_headers(const std::string& from, const std::string& to, const std::string& subject,
                                      const std::string& id, std::int64_t now) {
  constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto time = fmt::gmtime(now);
  return {fmt::format("Date: {}, {:%d} {} {:%Y %H:%M:%S} +0000", days.at(std::size_t(time.tm_wday)), time,
                      months.at(std::size_t(time.tm_mon)), time),
          "From: WireGuard Hub <" + from + ">",
          "To: <" + to + ">",
          "Subject: " + subject,
          "Message-ID: <" + id + "@" + from.substr(from.rfind('@') + 1) + ">",
          "Auto-Submitted: auto-generated"};
}

}  // namespace wghub

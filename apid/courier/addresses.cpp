#include "apid/courier/addresses.h"

#include <algorithm>
#include <boost/url/parse.hpp>

namespace wghub {
namespace {

constexpr std::size_t kLongestMail = 254;

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_dotted(std::string_view text, std::string_view also) {
  const auto is_allowed = [&](char c) {
    return is_alphanumeric(c) || c == '.' || also.find(c) != std::string_view::npos;
  };
  return !text.empty() && text.front() != '.' && text.back() != '.' && text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), is_allowed);
}

}  // namespace

bool is_mail_address(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || text.size() > kLongestMail) return false;
  const auto domain = text.substr(at + 1);
  return is_dotted(text.substr(0, at), "!#$%&'*+/=?^_`{|}~-") && is_dotted(domain, "-") && domain.front() != '-';
}

bool is_webhook(std::string_view text) {
  if (!text.starts_with("https://") && !text.starts_with("http://")) return false;
  const auto url = boost::urls::parse_uri(text);
  return url && !url->encoded_host().empty() && !url->has_userinfo() && !url->has_fragment() &&
         url->host_type() != boost::urls::host_type::ipvfuture && (!url->has_port() || url->port_number() != 0);
}

std::string shown_address(const AlertTarget& target) {
  const std::string_view address = target.address.reveal();
  if (target.channel == AlertChannel::mail) return std::string(address);
  const auto end = address.find_first_of("/?", address.find("://") + 3);
  const bool has_more = end != std::string_view::npos && end + 1 < address.size();
  return std::string(address.substr(0, end)) + (has_more ? "/…" : "");
}

}  // namespace wghub

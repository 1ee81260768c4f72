#include "apid/app/alerts.h"

#include <unistd.h>

#include <array>
#include <ctime>
#include <fstream>
#include <stdexcept>

#include "apid/http/certificate.h"

namespace wghub::app {
namespace {

constexpr std::size_t kLongestPassword = 1024;

std::string machine_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? name.data() : "localhost";
}

// The first line.
Secret read_password(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  const bool read = static_cast<bool>(std::getline(file, line)) && !line.empty() && line.size() <= kLongestPassword;
  Secret password(std::move(line));
  if (!read)
    throw std::runtime_error(path + ": alerts.mail_password_file has no line with a password, or cannot be read");
  return password;
}

}  // namespace

std::unique_ptr<Courier> make_courier(const Configuration& configuration) {
  CourierOptions options;
  options.allowed_networks = configuration.alert_networks;
  options.ca_file = configuration.alert_ca_file;
  options.mail_server = configuration.mail_server;
  options.mail_from = configuration.mail_from.empty() ? "wireguard-hub@" + machine_name() : configuration.mail_from;
  options.mail_user = configuration.mail_user;
  if (!configuration.mail_password_file.empty())
    options.mail_password = read_password(configuration.mail_password_file);
  return make_curl_courier(std::move(options));
}

std::vector<WatchedCertificate> watched_certificates(const Configuration& configuration,
                                                     const std::string& certificate_path, Courier& courier) {
  std::vector<WatchedCertificate> certificates = {{"apid, port " + std::to_string(configuration.port),
                                                   [certificate_path] { return http::valid_until(certificate_path); }}};
  if (const auto& url = configuration.api_base_url; !url.empty())
    certificates.push_back({url, [url, &courier] { return courier.certificate_end(url); }});
  return certificates;
}

int minute_of_day(std::int64_t at) {
  const auto seconds = static_cast<std::time_t>(at);
  std::tm time{};
  localtime_r(&seconds, &time);
  return time.tm_hour * 60 + time.tm_min;
}

}  // namespace wghub::app

#include <curl/curl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string_view>

#include "apid/courier/courier.h"
#include "apid/courier/mail.h"
#include "apid/courier/reachable.h"
#include "common/version.h"

namespace wghub {
namespace {

constexpr long kConnectMilliseconds = 4000;
constexpr long kMilliseconds = 8000;  // a request that waits for it is not cut when the daemon stops
constexpr std::size_t kLargestAnswer = 64UL * 1024;

using Easy = std::unique_ptr<CURL, void (*)(CURL*)>;
using List = std::unique_ptr<curl_slist, void (*)(curl_slist*)>;
using Mime = std::unique_ptr<curl_mime, void (*)(curl_mime*)>;

/// Where a transfer may lead.
enum class Reach {
  anywhere,      ///< root chose the address
  webhook,       ///< the public internet, and what root allows
  clear_webhook  ///< without TLS: only what root allows
};

Address address_of(const curl_sockaddr& address) {
  if (address.family == AF_INET) {
    sockaddr_in plain{};
    std::memcpy(&plain, &address.addr, sizeof plain);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &plain.sin_addr, bytes.size());
    return wghub::to_address(bytes);
  }
  // curl_sockaddr has room for any address behind the struct's own end.
  sockaddr_in6 plain{};
  std::memcpy(&plain, static_cast<const void*>(&address.addr), sizeof plain);
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &plain.sin6_addr, bytes.size());
  return wghub::to_address(bytes);
}

bool is_local_host(std::string_view host) { return host == "localhost" || host == "127.0.0.1" || host == "[::1]"; }

std::string host_of_url(const std::string& url) {
  const auto begin = url.find("://") + 3;
  const auto bracket = url.find(']', begin);
  const auto end = url.find_first_of(":/?", bracket != std::string::npos && url[begin] == '[' ? bracket : begin);
  return url.substr(begin, end == std::string::npos ? end : end - begin);
}

std::string random_id() {
  std::array<std::uint8_t, 16> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

// sha256=HEX, over the body.
std::string signature_of(const Secret& key, const std::string& body) {
  crypto_auth_hmacsha256_state state;
  const auto text = key.reveal();
  std::array<std::uint8_t, crypto_auth_hmacsha256_BYTES> hash{};
  const auto bytes_of = [](std::string_view view) { return reinterpret_cast<const unsigned char*>(view.data()); };
  crypto_auth_hmacsha256_init(&state, bytes_of(text), text.size());
  crypto_auth_hmacsha256_update(&state, bytes_of(body), body.size());
  crypto_auth_hmacsha256_final(&state, hash.data());
  sodium_memzero(&state, sizeof state);
  return fmt::format("sha256={:02x}", fmt::join(hash, ""));
}

// One message under way.
class Transfer {
 public:
  Transfer(const CourierOptions& options, const std::atomic<bool>& stopping, const std::string& url, Reach reach)
      : options_(options), stopping_(stopping), reach_(reach) {
    if (!easy_) throw std::runtime_error("libcurl gave no handle");
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, kConnectMilliseconds);
    set(CURLOPT_TIMEOUT_MS, kMilliseconds);
    set(CURLOPT_PROXY, "");  // one would connect in our place, and to anything
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::open);
    set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
    set(CURLOPT_WRITEFUNCTION, &Transfer::take);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &Transfer::go_on);
    set(CURLOPT_XFERINFODATA, static_cast<void*>(this));
    if (options_.ca_file.empty()) return;
    set(CURLOPT_CAINFO, options_.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(easy_.get(), option, value);
  }
  CURL* handle() { return easy_.get(); }

  /// Nothing, or why it failed.
  std::optional<std::string> perform() {
    const CURLcode code = curl_easy_perform(easy_.get());
    if (refused_)
      return "its address is in a private network, and is not one of alerts.allowed_networks of the hub's "
             "configuration";
    if (code == CURLE_ABORTED_BY_CALLBACK) return "the hub is stopping";
    if (code == CURLE_LOGIN_DENIED || code == CURLE_OK || code == CURLE_SEND_ERROR) return answer_of(code);
    return std::string(curl_easy_strerror(code));
  }

 private:
  std::optional<std::string> answer_of(CURLcode code) {
    if (code == CURLE_OK) return std::nullopt;
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status == 0) return std::string(curl_easy_strerror(code));
    return fmt::format("{} ({})", curl_easy_strerror(code), status);
  }

  static curl_socket_t open(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.may_connect(*address))
      return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    transfer.refused_ = true;
    return CURL_SOCKET_BAD;
  }
  bool may_connect(const curl_sockaddr& address) const {
    if (reach_ == Reach::anywhere) return true;
    if (address.family != AF_INET && address.family != AF_INET6) return false;
    const Address target = address_of(address);
    return is_in(target, options_.allowed_networks) || (reach_ == Reach::webhook && is_public(target));
  }
  static std::size_t take(char* /*data*/, std::size_t size, std::size_t count, void* self) {
    auto& taken = static_cast<Transfer*>(self)->taken_bytes_;
    taken += size * count;
    return taken > kLargestAnswer ? 0 : size * count;
  }
  static int go_on(void* self, curl_off_t /*due*/, curl_off_t /*got*/, curl_off_t /*sent*/, curl_off_t /*all*/) {
    return static_cast<Transfer*>(self)->stopping_ ? 1 : 0;
  }

  const CourierOptions& options_;
  const std::atomic<bool>& stopping_;
  Reach reach_;
  Easy easy_{curl_easy_init(), curl_easy_cleanup};
  std::size_t taken_bytes_ = 0;
  bool refused_ = false;
};

class CurlCourier final : public Courier {
 public:
  explicit CurlCourier(CourierOptions options) : options_(std::move(options)) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw std::runtime_error("libcurl cannot start");
  }

  std::optional<std::string> deliver(const AlertTarget& target, const Message& message) override {
    // The stacks of request workers are small, and nobody promises how much libcurl and a verification take.
    auto on_its_own = std::async(std::launch::async, [&] {
      return target.channel == AlertChannel::mail ? mail(target, message) : post(target, message);
    });
    return on_its_own.get();
  }

  std::optional<std::int64_t> certificate_end(const std::string& url) override {
    Transfer transfer(options_, stopping_, url, Reach::anywhere);
    transfer.set(CURLOPT_PROTOCOLS_STR, "https");
    transfer.set(CURLOPT_CONNECT_ONLY, 1L);
    transfer.set(CURLOPT_CERTINFO, 1L);
    transfer.set(CURLOPT_SSL_VERIFYPEER, 0L);  // what it shows is asked, not whether it is to be trusted
    transfer.set(CURLOPT_SSL_VERIFYHOST, 0L);
    if (transfer.perform()) return std::nullopt;
    curl_certinfo* chain = nullptr;
    curl_easy_getinfo(transfer.handle(), CURLINFO_CERTINFO, &chain);
    if (chain == nullptr || chain->num_of_certs < 1) return std::nullopt;
    constexpr std::string_view beginning = "Expire date:";
    for (const auto* line = chain->certinfo[0]; line != nullptr; line = line->next) {
      if (!std::string_view(line->data).starts_with(beginning)) continue;
      const auto end = curl_getdate(line->data + beginning.size(), nullptr);
      return end < 0 ? std::nullopt : std::optional<std::int64_t>(end);
    }
    return std::nullopt;
  }

  void stop() override { stopping_ = true; }

 private:
  std::optional<std::string> post(const AlertTarget& target, const Message& message) {
    const std::string url(target.address.reveal());
    const bool is_clear = url.starts_with("http://");
    Transfer transfer(options_, stopping_, url, is_clear ? Reach::clear_webhook : Reach::webhook);
    List headers(nullptr, curl_slist_free_all);
    const auto signature = "X-WireGuard-Hub-Signature: " + signature_of(target.signing_key, message.json);
    for (const auto* line : {"Content-Type: application/json", "Expect:", signature.c_str()})
      headers.reset(curl_slist_append(headers.release(), line));
    const std::string agent = fmt::format("wireguard-hub/{}", kVersion);
    transfer.set(CURLOPT_PROTOCOLS_STR, is_clear ? "http" : "https");
    transfer.set(CURLOPT_USERAGENT, agent.c_str());
    transfer.set(CURLOPT_HTTPHEADER, headers.get());
    transfer.set(CURLOPT_POSTFIELDSIZE, static_cast<long>(message.json.size()));
    transfer.set(CURLOPT_POSTFIELDS, message.json.data());
    if (auto fault = transfer.perform()) return fault;
    long status = 0;
    curl_easy_getinfo(transfer.handle(), CURLINFO_RESPONSE_CODE, &status);
    return status / 100 == 2 ? std::nullopt : std::optional(fmt::format("HTTP status {}", status));
  }

  std::optional<std::string> mail(const AlertTarget& target, const Message& message) {
    Transfer transfer(options_, stopping_, options_.mail_server, Reach::anywhere);
    const std::string to(target.address.reveal());
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    List headers(nullptr, curl_slist_free_all);
    for (const auto& line : mail_headers(options_.mail_from, to, message.subject, random_id(), now.count()))
      headers.reset(curl_slist_append(headers.release(), line.c_str()));
    List recipients(curl_slist_append(nullptr, ("<" + to + ">").c_str()), curl_slist_free_all);
    const Mime mime(curl_mime_init(transfer.handle()), curl_mime_free);
    auto* const part = curl_mime_addpart(mime.get());
    curl_mime_data(part, message.text.data(), message.text.size());
    curl_mime_type(part, "text/plain; charset=utf-8");
    curl_mime_encoder(part, "quoted-printable");
    const std::string from = "<" + options_.mail_from + ">";
    transfer.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    // Nothing on the way out of this machine may read or change it.
    transfer.set(CURLOPT_USE_SSL,
                 is_local_host(host_of_url(options_.mail_server)) ? long(CURLUSESSL_NONE) : long(CURLUSESSL_ALL));
    transfer.set(CURLOPT_MAIL_FROM, from.c_str());
    transfer.set(CURLOPT_MAIL_RCPT, recipients.get());
    transfer.set(CURLOPT_HTTPHEADER, headers.get());
    transfer.set(CURLOPT_MIMEPOST, mime.get());
    if (!options_.mail_user.empty()) {
      transfer.set(CURLOPT_USERNAME, options_.mail_user.c_str());
      transfer.set(CURLOPT_PASSWORD, options_.mail_password.reveal().data());
    }
    return transfer.perform();
  }

  CourierOptions options_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace

std::unique_ptr<Courier> make_curl_courier(CourierOptions options) {
  return std::make_unique<CurlCourier>(std::move(options));
}

}  // namespace wghub

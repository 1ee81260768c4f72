#include "apid/cli/hub_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <memory>

#include "apid/cli/output.h"
#include "apid/cli/secret_file.h"

namespace wghub::cli {
namespace {

constexpr long kConnectSeconds = 10;
constexpr long kSeconds = 15;
constexpr long kLongCall = 3600;
constexpr long kSilence = 45;  // the hub says something every 15 s
constexpr std::size_t kLargestAnswer = 64UL * 1024 * 1024;
constexpr long kOk = 200;

using Curl = std::unique_ptr<CURL, void (*)(CURL*)>;
using Headers = std::unique_ptr<curl_slist, void (*)(curl_slist*)>;

std::string_view authority_of(std::string_view url) {
  const std::string_view scheme = "https://";
  return url.starts_with(scheme) ? url.substr(scheme.size()) : std::string_view();
}

bool is_base_url(std::string_view url) {
  const auto authority = authority_of(url);
  return !authority.empty() && authority.find_first_of("/?#@ \\") == std::string_view::npos;
}

}  // namespace

// One request, and where its answer goes.
class HubClient::Transfer {
 public:
  Transfer(const HubClient& client, const char* method, const std::string& path)
      : client_(client), url_((client.is_local() ? "http://localhost" : client.url_) + path) {
    set(CURLOPT_URL, url_.c_str());
    set(CURLOPT_CUSTOMREQUEST, method);
    set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    set(CURLOPT_PROTOCOLS_STR, client.is_local() ? "http" : "https");
    set(CURLOPT_USERAGENT, "wghub");
    if (client.is_local()) {
      set(CURLOPT_UNIX_SOCKET_PATH, client.socket_.c_str());
      set(CURLOPT_NOPROXY, "*");
      return;
    }
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!client.ca_file_.empty()) {
      set(CURLOPT_CAINFO, client.ca_file_.c_str());
      set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
    }
    token_ = Secret("Authorization: Bearer " + std::string(client.token_.reveal()));
    add_header(token_.reveal().data());
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(curl_.get(), option, value);
  }

  void add_header(const char* line) { headers_.reset(curl_slist_append(headers_.release(), line)); }

  /// body must outlive this.
  void send(const Secret& body) {
    add_header("Content-Type: application/json");
    set(CURLOPT_POSTFIELDSIZE, static_cast<long>(body.reveal().size()));
    set(CURLOPT_POSTFIELDS, body.reveal().data());
  }

  CURLcode perform(const Receiver& receive) {
    receive_ = &receive;
    set(CURLOPT_HTTPHEADER, headers_.get());
    set(CURLOPT_WRITEFUNCTION, &Transfer::take);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    return curl_easy_perform(curl_.get());
  }

  long status() const {
    long status = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    return status;
  }

  std::string header(const char* name) const {
    curl_header* found = nullptr;
    return curl_easy_header(curl_.get(), name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value : "";
  }

  void complain_of(CURLcode code) const {
    if (client_.is_local())
      complain(fmt::format("no answer from apid at {} ({}). Is it running, and are you root?", client_.socket_,
                           curl_easy_strerror(code)));
    else
      complain(fmt::format("no answer from the hub at {} ({}).", client_.url_, curl_easy_strerror(code)));
  }

 private:
  static std::size_t take(char* data, std::size_t size, std::size_t count, void* target) {
    auto& self = *static_cast<Transfer*>(target);
    return (*self.receive_)({data, size * count}) ? size * count : 0;
  }

  const HubClient& client_;
  std::string url_;
  Secret token_;
  Curl curl_{curl_easy_init(), curl_easy_cleanup};
  Headers headers_{nullptr, curl_slist_free_all};
  const Receiver* receive_ = nullptr;
};

std::optional<HubClient> HubClient::make(const Target& target) {
  HubClient client(target);
  while (client.url_.ends_with('/')) client.url_.pop_back();
  if (target.url.empty()) {
    if (target.token_file.empty() && target.ca_file.empty()) return client;
    complain("--token-file and --ca-file go with --url");
    return std::nullopt;
  }
  if (!is_base_url(client.url_)) {
    complain("--url must be https://HOST or https://HOST:PORT");
    return std::nullopt;
  }
  if (target.token_file.empty()) {
    complain("--url needs --token-file with an API token of the hub");
    return std::nullopt;
  }
  auto token = read_secret_file(target.token_file);
  if (!token) return std::nullopt;
  client.token_ = std::move(*token);
  return client;
}

std::optional<Answer> HubClient::call(const char* method, const std::string& path, const Secret& body,
                                      Patience patience) const {
  Transfer transfer(*this, method, path);
  const std::string_view verb = method;
  if (verb == "POST" || verb == "PUT") transfer.send(body);
  transfer.set(CURLOPT_TIMEOUT, patience == Patience::usual ? kSeconds : kLongCall);
  Answer answer;
  const auto code = transfer.perform([&](std::string_view piece) {
    if (answer.body.size() + piece.size() > kLargestAnswer) return false;
    answer.body += piece;
    return true;
  });
  if (code != CURLE_OK) {
    transfer.complain_of(code);
    return std::nullopt;
  }
  answer.status = transfer.status();
  answer.next_cursor = transfer.header("X-Next-Cursor");
  return answer;
}

HubClient::Ending HubClient::follow(const std::string& path, const std::string& last_event_id, const Receiver& receive,
                                    Answer& answer) const {
  Transfer transfer(*this, "GET", path);
  const std::string last = "Last-Event-ID: " + last_event_id;
  if (!last_event_id.empty()) transfer.add_header(last.c_str());
  transfer.set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  transfer.set(CURLOPT_LOW_SPEED_TIME, kSilence);
  bool broken_off = false;
  const auto code = transfer.perform([&](std::string_view piece) {
    if (transfer.status() == kOk) return !(broken_off = !receive(piece));
    answer.body += piece;
    return answer.body.size() <= kLargestAnswer;
  });
  answer.status = transfer.status();
  if (broken_off) return Ending::broken_off;
  if (answer.status == 0) {
    transfer.complain_of(code);
    return Ending::nobody;
  }
  return answer.status == kOk ? Ending::over : Ending::refused;
}

Exit refused(const Answer& answer) {
  boost::json::error_code fault;
  const auto body = boost::json::parse(answer.body, fault);
  const auto text = [&](const char* name) {
    const auto* value = fault || !body.is_object() ? nullptr : body.get_object().if_contains(name);
    return value != nullptr && value->is_string() ? printable(value->get_string()) : std::string();
  };
  if (text("code").empty()) {
    complain(fmt::format("what answered with status {} is not the hub", answer.status));
    return Exit::unreachable;
  }
  complain(fmt::format("{}: {} {}", text("code"), text("error"), text("recoveryHint")));
  if (answer.status == 404) return Exit::not_found;
  return answer.status == 429 || answer.status == 503 ? Exit::later : Exit::refused;
}

std::string escaped(const std::string& segment) {
  const std::unique_ptr<char, void (*)(void*)> text(
      curl_easy_escape(nullptr, segment.data(), static_cast<int>(segment.size())), curl_free);
  return text ? text.get() : "";
}

}  // namespace wghub::cli

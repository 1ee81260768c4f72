#include "apid/cli/admin_socket.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <memory>
#include <string_view>

namespace wghub::cli {
namespace {

constexpr long kSeconds = 15;
constexpr long kLongCall = 3600;
constexpr std::size_t kLargestAnswer = 64UL * 1024 * 1024;

using Curl = std::unique_ptr<CURL, void (*)(CURL*)>;
using Headers = std::unique_ptr<curl_slist, void (*)(curl_slist*)>;

std::size_t append(char* data, std::size_t size, std::size_t count, void* target) {
  auto& body = *static_cast<std::string*>(target);
  if (body.size() + size * count > kLargestAnswer) return 0;
  body.append(data, size * count);
  return size * count;
}

}  // namespace

std::optional<Answer> AdminSocket::call(const char* method, const std::string& url_path, const Secret& body,
                                        Patience patience) const {
  Answer answer;
  const Curl curl(curl_easy_init(), curl_easy_cleanup);
  const Headers headers(curl_slist_append(nullptr, "Content-Type: application/json"), curl_slist_free_all);
  const std::string url = "http://localhost" + url_path;
  curl_easy_setopt(curl.get(), CURLOPT_UNIX_SOCKET_PATH, path_.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, method);
  if (std::string_view(method) != "GET") {
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.reveal().size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.reveal().data());
  }
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, patience == Patience::usual ? kSeconds : kLongCall);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer.body);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) {
    write_to(stderr, fmt::format("wghub: no answer from apid at {} ({}). Is it running, and are you root?\n", path_,
                                 curl_easy_strerror(code)));
    return std::nullopt;
  }
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

Exit refused(const Answer& answer) {
  boost::json::error_code fault;
  const auto body = boost::json::parse(answer.body, fault);
  const auto text = [&](const char* name) {
    const auto* value = fault || !body.is_object() ? nullptr : body.get_object().if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  write_to(stderr, fmt::format("wghub: {} {}\n", text("error"), text("recoveryHint")));
  return answer.status == 404 ? kNotFound : kRefused;
}

std::string escaped(const std::string& segment) {
  const Curl curl(curl_easy_init(), curl_easy_cleanup);
  const std::unique_ptr<char, void (*)(void*)> text(
      curl_easy_escape(curl.get(), segment.data(), static_cast<int>(segment.size())), curl_free);
  return text ? text.get() : "";
}

}  // namespace wghub::cli

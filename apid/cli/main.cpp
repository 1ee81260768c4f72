// wghub: the admin's command. Speaks HTTP to apid over its local socket, which only root may use.
#include <curl/curl.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/parse.hpp>
#include <cstdio>
#include <memory>
#include <string>

namespace {

constexpr int kUnreachable = 5;
constexpr int kRefused = 4;
constexpr long kSeconds = 15;
constexpr std::size_t kLargestAnswer = 64 * 1024 * 1024;

struct Answer {
  long status = 0;
  std::string body;
};

// A closed pipe is the reader's choice: nothing to do about it.
void write_to(std::FILE* stream, const std::string& text) { static_cast<void>(std::fputs(text.c_str(), stream)); }

std::size_t append(char* data, std::size_t size, std::size_t count, void* target) {
  auto& body = *static_cast<std::string*>(target);
  if (body.size() + size * count > kLargestAnswer) return 0;
  body.append(data, size * count);
  return size * count;
}

// An exit code, or the answer.
int call(const std::string& socket, const char* method, const char* path, Answer& answer) {
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  const std::string url = std::string("http://localhost") + path;
  curl_easy_setopt(curl.get(), CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, method);
  if (std::string_view(method) == "POST") curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, "");
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, kSeconds);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer.body);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) {
    write_to(stderr, fmt::format("wghub: no answer from apid at {} ({}). Is it running, and are you root?\n", socket,
                                 curl_easy_strerror(code)));
    return kUnreachable;
  }
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  return 0;
}

int refused(const Answer& answer) {
  boost::json::error_code fault;
  const auto body = boost::json::parse(answer.body, fault);
  const auto text = [&](const char* name) {
    const auto* value = fault || !body.is_object() ? nullptr : body.get_object().if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  write_to(stderr, fmt::format("wghub: {} {}\n", text("error"), text("recoveryHint")));
  return kRefused;
}

int setup_code(const std::string& socket) {
  Answer answer;
  if (const int failed = call(socket, "POST", "/admin/setup-code", answer)) return failed;
  if (answer.status != 201) return refused(answer);
  const std::string code(boost::json::parse(answer.body).at("setupCode").as_string());
  write_to(stdout, "setup-code: " + code + "\n");
  write_to(stderr, "Valid for 15 minutes; an older code is void now.\n");
  return 0;
}

int show_conf(const std::string& socket) {
  Answer answer;
  if (const int failed = call(socket, "GET", "/admin/hub/conf", answer)) return failed;
  if (answer.status != 200) return refused(answer);
  write_to(stdout, answer.body);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App arguments("wghub: administers the WireGuard Hub on this machine", "wghub");
  arguments.require_subcommand(1);
  std::string socket = "/run/wireguard-hub-api/admin.sock";
  arguments.add_option("--socket", socket, "apid's local socket")->capture_default_str();
  auto* code = arguments.add_subcommand("setup-code", "make a new one-time set-up code for the first administrator");
  auto* hub = arguments.add_subcommand("hub", "the hub's interface");
  hub->require_subcommand(1);
  auto* conf = hub->add_subcommand("show-conf", "print the wg0.conf that the hub amounts to, without its private key");
  try {
    arguments.parse(argc, argv);
  } catch (const CLI::ParseError& fault) {
    return arguments.exit(fault) == 0 ? 0 : 2;
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code->parsed()) return setup_code(socket);
  if (conf->parsed()) return show_conf(socket);
  return 2;
}

#include "apid/http/wire.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>

#include "apid/http/text.h"

namespace wghub::http {
namespace {

namespace beast = boost::beast::http;
using boost::beast::error_code;

constexpr std::string_view kBlankLine = "\r\n\r\n";
constexpr std::size_t kLastChunkBytes = 5;  // "0\r\n\r\n", without a trailer

bool is_forbidden_control(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return (byte < 0x20 && character != '\t' && character != '\r' && character != '\n') || byte == 0x7f;
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         std::all_of(text.begin(), text.end(), [](char digit) { return digit >= '0' && digit <= '9'; });
}

}  // namespace

struct RequestReader::Parser {
  beast::request_parser<beast::string_body> request;
  std::function<void(std::uint64_t, boost::beast::string_view, error_code&)> refuse_extensions;
};

std::string_view Head::value(std::string_view name) const {
  for (const auto& [field, text] : fields)
    if (field == name) return text;
  return {};
}

std::vector<std::string_view> Head::values(std::string_view name) const {
  std::vector<std::string_view> result;
  for (const auto& [field, text] : fields)
    if (field == name) result.push_back(text);
  return result;
}

RequestReader::RequestReader() : parser_(std::make_unique<Parser>()) {
  auto& request = parser_->request;
  request.header_limit(kHeadBytes + 1);
  request.body_limit(boost::none);  // checked here, after the path is known
  // Nobody sends chunk extensions, and parsers differ in where they end.
  parser_->refuse_extensions = [](std::uint64_t, boost::beast::string_view extensions, error_code& error) {
    if (!extensions.empty()) error = beast::error::bad_chunk_extension;
  };
  request.on_chunk_header(parser_->refuse_extensions);
}

RequestReader::~RequestReader() = default;

RequestReader::Step RequestReader::fail(ErrorCode fault) {
  fault_ = fault;
  return Step::fault;
}

// Bare CR or LF, folded lines and control characters are refused as they arrive, so that no such head makes us wait.
RequestReader::Step RequestReader::check_bytes(const std::string& buffer, std::size_t end) {
  for (; checked_ < end; ++checked_) {
    const char character = buffer[checked_];
    const char before = checked_ == 0 ? '\0' : buffer[checked_ - 1];
    const bool ends_line = before == '\r';
    if (is_forbidden_control(character) || (character == '\n') != ends_line) return fail(ErrorCode::bad_framing);
    if (before == '\n' && (character == ' ' || character == '\t')) return fail(ErrorCode::bad_framing);
  }
  return Step::need_more;
}

RequestReader::Step RequestReader::read_head(std::string& buffer) {
  // RFC 9112 2.2: one empty line before a request is ignored.
  if (!begun_ && buffer.starts_with("\r\n")) {
    buffer.erase(0, 2);
    begun_ = true;
  }
  const auto blank = buffer.find(kBlankLine, checked_ < 3 ? 0 : checked_ - 3);
  const auto end = blank == std::string::npos ? buffer.size() : blank + kBlankLine.size();
  // A lone CR may still turn out to be that empty line's beginning.
  if (buffer.empty() || (!begun_ && buffer == "\r")) return Step::need_more;
  begun_ = true;
  if (check_bytes(buffer, std::min(end, kHeadBytes)) == Step::fault) return Step::fault;
  const auto line_end = buffer.find('\r');
  if (std::min(line_end, buffer.size()) > kTargetBytes + 32) return fail(ErrorCode::uri_too_long);
  if (end > kHeadBytes) return fail(ErrorCode::header_too_large);
  if (blank == std::string::npos) return Step::need_more;
  const auto step = parse_head(buffer.substr(0, end));
  buffer.erase(0, end);
  return step;
}

RequestReader::Step RequestReader::parse_head(const std::string& block) {
  auto& parser = parser_->request;
  error_code error;
  parser.put(boost::asio::buffer(block), error);
  if (error == beast::error::need_more) error = {};
  if (error || !parser.is_header_done()) return fail(ErrorCode::bad_framing);
  const auto& request = parser.get();
  head_.method = std::string(request.method_string());
  head_.target = std::string(request.target());
  head_.keep_alive = request.keep_alive();
  for (const auto& field : request)
    head_.fields.emplace_back(to_lower({field.name_string().data(), field.name_string().size()}),
                              std::string(field.value()));
  if (head_.target.size() > kTargetBytes) return fail(ErrorCode::uri_too_long);
  return check_framing();
}

RequestReader::Step RequestReader::check_framing() {
  const auto lengths = head_.values("content-length");
  const auto codings = head_.values("transfer-encoding");
  const bool is_http11 = parser_->request.get().version() == 11;
  if (lengths.size() > 1 || codings.size() > 1 || head_.values("host").size() > 1 ||
      lengths.size() + codings.size() > 1)
    return fail(ErrorCode::bad_framing);
  if (!lengths.empty()) {
    if (!is_digits(lengths.front())) return fail(ErrorCode::bad_framing);
    head_.length = std::stoull(std::string(lengths.front()));
  }
  if (!codings.empty()) {
    if (!is_http11 || !equals_ignoring_case(codings.front(), "chunked")) return fail(ErrorCode::bad_framing);
    head_.chunked = true;
  }
  head_.expects_continue = is_http11 && equals_ignoring_case(head_.value("expect"), "100-continue");
  return Step::ready;
}

RequestReader::Step RequestReader::read_body(std::string& buffer) {
  auto& parser = parser_->request;
  parser.eager(true);
  while (!parser.is_done()) {
    // With less of the last chunk Beast's assertions, where they are on, end the process.
    if (head_.chunked && buffer.size() < kLastChunkBytes && buffer.starts_with('0')) return Step::need_more;
    error_code error;
    const auto used = parser.put(boost::asio::buffer(buffer), error);
    buffer.erase(0, used);
    if (parser.get().body().size() > kBodyBytes) return fail(ErrorCode::body_too_large);
    if (error && error != beast::error::need_more) return fail(ErrorCode::bad_framing);
    if (parser.is_done()) break;
    // What is left is the beginning of a chunk's size line or of the trailer.
    if (buffer.size() > kHeadBytes) return fail(ErrorCode::bad_framing);
    if (error || used == 0 || buffer.empty()) return Step::need_more;
  }
  return Step::ready;
}

std::string RequestReader::take_body() { return std::move(parser_->request.get().body()); }

std::string serialise_head(unsigned status, const std::vector<std::pair<std::string, std::string>>& fields) {
  beast::response<beast::empty_body> response;
  response.version(11);
  response.result(status);
  for (const auto& [name, value] : fields) response.insert(name, printable(value, value.size()));
  beast::response_serializer<beast::empty_body> serializer{response};
  std::string text;
  error_code error;
  while (!error && !serializer.is_header_done()) {
    serializer.next(error, [&](error_code& failed, const auto& buffers) {
      failed = {};
      std::size_t size = 0;
      for (auto part = boost::asio::buffer_sequence_begin(buffers); part != boost::asio::buffer_sequence_end(buffers);
           ++part) {
        const boost::asio::const_buffer bytes = *part;
        text.append(static_cast<const char*>(bytes.data()), bytes.size());
        size += bytes.size();
      }
      serializer.consume(size);
    });
  }
  return text;
}

}  // namespace wghub::http

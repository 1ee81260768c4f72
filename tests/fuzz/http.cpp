// Bytes of a connection -> RequestReader, admission, router and endpoints, as Session does it without its socket. Read
// at once and in pieces they must be the same requests, or what stands behind could be read differently by a proxy
// (T10).
#include <optional>

#include "apid/http/wire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/hub.h"

using namespace wghub;
using namespace wghub::fuzz;
using http::RequestReader;
using Step = RequestReader::Step;

namespace {

constexpr std::size_t kMostBytes = 100'000;
constexpr int kMostRequests = 16;

/// One request as read, and what it left behind.
struct Read {
  std::unique_ptr<RequestReader> reader = std::make_unique<RequestReader>();
  std::string body;
  Step step = Step::need_more;
};

class Connection {
 public:
  Connection(std::string_view bytes, std::size_t piece) : rest_(bytes), piece_(piece) {}

  Read next() {
    Read read;
    read.step = take([&] { return read.reader->read_head(buffer_); });
    if (read.step == Step::ready && read.reader->head().has_body())
      read.step = take([&] { return read.reader->read_body(buffer_); });
    if (read.step == Step::ready) read.body = read.reader->take_body();
    return read;
  }

  std::size_t left() const { return buffer_.size() + rest_.size(); }

 private:
  template <class Reading>
  Step take(Reading reading) {
    for (;;) {
      const auto step = reading();
      if (step != Step::need_more || rest_.empty()) return step;
      const auto size = std::min(piece_, rest_.size());
      buffer_.append(rest_.substr(0, size));
      rest_.remove_prefix(size);
    }
  }

  std::string buffer_;
  std::string_view rest_;
  std::size_t piece_;
};

void claim_same(const Read& whole, const Read& pieces) {
  claim((whole.step == Step::ready) == (pieces.step == Step::ready), "a request arrives whole or in pieces");
  if (whole.step != Step::ready) return;
  const auto& left = whole.reader->head();
  const auto& right = pieces.reader->head();
  claim(left.method == right.method && left.target == right.target && left.fields == right.fields,
        "with the same head");
  claim(whole.body == pieces.body, "and the same body");
}

void claim_bounded(const Read& read) {
  const auto& head = read.reader->head();
  claim(head.target.size() <= http::kTargetBytes && read.body.size() <= http::kBodyBytes, "within the limits");
  claim(!(head.chunked && head.length), "one length alone");
  claim(head.values("host").size() <= 1, "one host alone");
  for (const auto& [name, value] : head.fields)
    for (const char byte : value) claim(byte != '\r' && byte != '\n' && byte != '\0', "no line ends in a value");
}

/// Whether the connection goes on.
bool serve(Hub& hub, Read& read) {
  const auto& head = read.reader->head();
  auto admission = http::admit(head, *parse_address("198.51.100.7"), http::Door::network, hub.rules());
  if (!admission.answer) {
    claim(admission.route != nullptr && admission.route->access != http::Access::root, "a route of the network's");
    admission.request.body = read.body;
    admission.answer = hub.router().handle(*admission.route, admission.request, admission.credentials);
  }
  check(*admission.answer, admission.request);
  return !admission.close && head.keep_alive;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Hubs hubs;
  auto bytes = text_of(data, std::min(size, kMostBytes));
  const std::size_t piece = 1 + take_byte(bytes);
  Hub& hub = hubs.in_use();
  Connection whole(bytes, kMostBytes);
  Connection pieces(bytes, piece);
  for (int i = 0; i < kMostRequests; ++i) {
    auto read = whole.next();
    const auto other = pieces.next();
    claim_same(read, other);
    if (read.step != Step::ready) break;
    claim(whole.left() == pieces.left(), "and leaves the same behind");
    claim_bounded(read);
    if (!serve(hub, read)) break;
  }
  return 0;
}

// A bare HTTPS server of Boost.Beast on loopback that answers every request with one constant body: what serving
// anything costs at least. bench_hello PORT CERTIFICATE KEY
#include <boost/asio/signal_set.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <memory>
#include <thread>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, asio::ssl::context& tls) : stream_(std::move(socket), tls) {
    answer_.set(http::field::content_type, "text/plain");
    answer_.body() = "hello";
    answer_.prepare_payload();
  }

  void start() {
    beast::get_lowest_layer(stream_).socket().set_option(tcp::no_delay(true));
    stream_.async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](const error_code& error) {
      if (!error) self->read();
    });
  }

 private:
  void read() {
    request_ = {};
    http::async_read(stream_, buffer_, request_, [self = shared_from_this()](const error_code& error, std::size_t) {
      if (!error) self->write();
    });
  }

  void write() {
    http::async_write(stream_, answer_, [self = shared_from_this()](const error_code& error, std::size_t) {
      if (!error) self->read();
    });
  }

  beast::ssl_stream<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> answer_;
};

void accept_all(tcp::acceptor& acceptor, asio::io_context& io, asio::ssl::context& tls) {
  acceptor.async_accept(asio::make_strand(io), [&](const error_code& error, tcp::socket socket) {
    if (!error) std::make_shared<Session>(std::move(socket), tls)->start();
    accept_all(acceptor, io, tls);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  asio::io_context io;
  asio::ssl::context tls(asio::ssl::context::tlsv13_server);
  tls.use_certificate_chain_file(argv[2]);
  tls.use_private_key_file(argv[3], asio::ssl::context::pem);
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::stoi(argv[1]))});
  accept_all(acceptor, io, tls);
  asio::signal_set ending(io, SIGTERM);
  ending.async_wait([&](const error_code&, int) { io.stop(); });
  std::jthread second([&] { io.run(); });
  io.run();
}

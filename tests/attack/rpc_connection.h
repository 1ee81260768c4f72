// One Cap'n Proto connection to the front, by itself or over a stream that records every byte that comes in.
#pragma once

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>
#include <kj/debug.h>
#include <kj/io.h>

#include <optional>
#include <string>
#include <utility>

#include "proto/wgprivd.capnp.h"
#include "tests/attack/raw_socket.h"

namespace wghub::attack {

/// Passes everything on and keeps a copy of what was read.
class RecordingStream final : public kj::AsyncIoStream {
 public:
  RecordingStream(kj::Own<kj::AsyncIoStream> inner, std::string& record) : inner_(kj::mv(inner)), record_(record) {}

  kj::Promise<std::size_t> tryRead(void* buffer, std::size_t least, std::size_t most) override {
    return inner_->tryRead(buffer, least, most).then([this, buffer](std::size_t size) {
      record_.append(static_cast<const char*>(buffer), size);
      return size;
    });
  }
  kj::Promise<void> write(const void* buffer, std::size_t size) override { return inner_->write(buffer, size); }
  kj::Promise<void> write(kj::ArrayPtr<const kj::ArrayPtr<const kj::byte>> pieces) override {
    return inner_->write(pieces);
  }
  kj::Promise<void> whenWriteDisconnected() override { return inner_->whenWriteDisconnected(); }
  void shutdownWrite() override { inner_->shutdownWrite(); }

 private:
  kj::Own<kj::AsyncIoStream> inner_;
  std::string& record_;
};

class RpcConnection {
 public:
  RpcConnection(kj::AsyncIoContext& io, const std::string& path, std::string& record)
      : stream_(io.lowLevelProvider->wrapSocketFd(kj::AutoCloseFd(connect_to(path, SOCK_STREAM).release())), record),
        network_(stream_, capnp::rpc::twoparty::Side::CLIENT),
        rpc_(capnp::makeRpcClient(network_)),
        helper(bootstrap()) {}

 private:
  proto::Wgprivd::Client bootstrap() {
    capnp::MallocMessageBuilder message;
    auto server = message.initRoot<capnp::rpc::twoparty::VatId>();
    server.setSide(capnp::rpc::twoparty::Side::SERVER);
    return rpc_.bootstrap(server).castAs<proto::Wgprivd>();
  }

  RecordingStream stream_;
  capnp::TwoPartyVatNetwork network_;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc_;

 public:
  proto::Wgprivd::Client helper;
};

/// What call() answers, or nothing when it was refused by an exception.
/// Errors: std::runtime_error when there is no answer within 12 s.
template <class Call>
auto wait_for(kj::AsyncIoContext& io, Call call) -> std::optional<decltype(call().wait(io.waitScope))> {
  using Answer = decltype(call().wait(io.waitScope));
  bool late = false;
  auto limit = io.provider->getTimer().afterDelay(12 * kj::SECONDS).then([&late]() -> kj::Promise<Answer> {
    late = true;
    return KJ_EXCEPTION(OVERLOADED, "late");
  });
  try {
    return call().exclusiveJoin(kj::mv(limit)).wait(io.waitScope);
  } catch (const kj::Exception&) {
    if (late) throw std::runtime_error("no answer");
    return std::nullopt;
  }
}

}  // namespace wghub::attack

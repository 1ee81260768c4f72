#include "tests/attack/raw_socket.h"
#include "tests/attack/target.h"

namespace wghub::attack {
namespace {

class EngineTarget final : public Target {
 public:
  explicit EngineTarget(std::string path) : path_(std::move(path)) {}

  std::optional<EngineStatusPage> send(const EngineRequest& request) override {
    if (!socket_) socket_ = connect_to(path_, SOCK_SEQPACKET);
    write_record(socket_.get(), &request, sizeof request);
    for (;;) {
      EngineStatusPage page{};
      const auto size = read_record(socket_.get(), &page, sizeof page);
      if (size == 0) {
        socket_ = Descriptor();
        return std::nullopt;
      }
      received_.append(reinterpret_cast<const char*>(&page), size);
      if (page.reply.operation != EngineOperation::link_changed || page.reply.id == request.id) return page;
    }
  }

 private:
  std::string path_;
  Descriptor socket_;
};

}  // namespace

std::unique_ptr<Target> engine_target(const std::string& path) { return std::make_unique<EngineTarget>(path); }

bool engine_answers(const std::string& path) {
  return engine_target(path)->send({.operation = EngineOperation::hello, .id = 1}).has_value();
}

}  // namespace wghub::attack

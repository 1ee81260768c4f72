#include <array>
#include <cstring>
#include <random>
#include <string>

#include "tests/attack/raw_socket.h"
#include "tests/attack/target.h"

namespace wghub::attack {
namespace {

constexpr int kRandomRecords = 2000;
constexpr int kConnections = 100;

// The answer to bytes on a connection of their own; nothing when it was closed.
std::optional<EngineStatusPage> send_bytes(const std::string& path, Report& report, const void* bytes,
                                           std::size_t size) {
  const auto socket = connect_to(path, SOCK_SEQPACKET);
  write_record(socket.get(), bytes, size);
  EngineStatusPage page{};
  const auto received = read_record(socket.get(), &page, sizeof page);
  report.saw({reinterpret_cast<const char*>(&page), received});
  if (received == 0) return std::nullopt;
  return page;
}

void attack_sizes(const std::string& path, Report& report) {
  std::string bytes(100'000, '\0');
  const EngineRequest hello{.operation = EngineOperation::hello, .id = 1};
  std::memcpy(bytes.data(), &hello, sizeof hello);
  for (const std::size_t size : {1U, 4U, 8U, 16U, 143U, 145U, 288U, 4096U, 100'000U})
    report.judge("a record of " + std::to_string(size) + " bytes", send_bytes(path, report, bytes.data(), size));
}

void attack_fields(const std::string& path, Report& report) {
  const auto attempt = [&](const std::string& name, const EngineRequest& request) {
    report.judge(name, send_bytes(path, report, &request, sizeof request));
  };
  for (const std::uint32_t operation : {0U, 7U, 8U, 255U, 0x80000001U, 0xffffffffU})
    attempt("operation " + std::to_string(operation), {.operation = static_cast<EngineOperation>(operation)});
  for (const std::uint32_t version : {0U, 2U, 0xffffffffU})
    attempt("version " + std::to_string(version), {.version = version, .operation = EngineOperation::hello});
  for (std::uint32_t operation = 1; operation <= 6; ++operation) {
    const auto name = " with operation " + std::to_string(operation);
    EngineRequest request{.operation = static_cast<EngineOperation>(operation), .id = 1};
    request.reserved = 1;
    attempt("a reserved field" + name, request);
    request.reserved = 0;
    request.flags = 4;
    attempt("an unknown flag" + name, request);
    // A name of a file, of an interface, of a program: there is no field that could carry one.
    request.flags = 0;
    auto* bytes = reinterpret_cast<char*>(&request);
    const std::string text = "../../etc/shadow\0eth0\0/bin/sh -c id";
    for (std::size_t at = offsetof(EngineRequest, key); at + text.size() < sizeof request; at += text.size())
      std::memcpy(bytes + at, text.data(), text.size());
    attempt("names of files and interfaces" + name, request);
  }
}

void attack_at_random(const std::string& path, Report& report) {
  std::mt19937_64 random(20240601);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same records every time
  const auto socket = connect_to(path, SOCK_SEQPACKET);
  int answered = 0;
  for (int i = 0; i < kRandomRecords; ++i) {
    EngineRequest request;
    auto* bytes = reinterpret_cast<unsigned char*>(&request);
    for (std::size_t at = 0; at < sizeof request; ++at) bytes[at] = static_cast<unsigned char>(random());
    if (i % 2 == 0) request.version = kEngineVersion;
    if (i % 2 == 0) request.operation = static_cast<EngineOperation>(random() % 7);
    write_record(socket.get(), &request, sizeof request);
    EngineStatusPage page{};
    const auto received = read_record(socket.get(), &page, sizeof page);
    if (received == 0) break;
    report.saw({reinterpret_cast<const char*>(&page), received});
    ++answered;
    if (page.reply.outcome <= EngineOutcome::unchanged && page.reply.operation != EngineOperation::link_changed)
      report.allowed("random record " + std::to_string(i), "done");
  }
  report.refused(std::to_string(answered) + " random records", "none was carried out");
}

void attack_with_many_connections(const std::string& path, Report& report) {
  {
    std::vector<Descriptor> sockets;
    try {
      for (int i = 0; i < kConnections; ++i) {
        sockets.push_back(connect_to(path, SOCK_SEQPACKET | SOCK_NONBLOCK));
        const EngineRequest hello{.operation = EngineOperation::hello, .id = 1};
        write_record(sockets.back().get(), &hello, sizeof hello);
      }
    } catch (const std::runtime_error&) {  // the backlog is full: refused by the kernel already
    }
  }
  report.judge("keep others out by many connections", engine_answers(path), "answers again at once");
}

}  // namespace

void attack_engine_socket(const std::string& path, Report& report) {
  attack_sizes(path, report);
  attack_fields(path, report);
  attack_at_random(path, report);
  attack_engine_with_lies(path, report);
  attack_with_many_connections(path, report);
}

}  // namespace wghub::attack

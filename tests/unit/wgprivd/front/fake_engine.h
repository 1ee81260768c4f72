// An engine without an interface: speaks the records of common/engine_record.h and keeps its peers in a map.
// It can be slow, silent, or drop a connection; it checks no policy.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/descriptor.h"
#include "common/engine_record.h"

namespace wghub::test {

class FakeEngine {
 public:
  explicit FakeEngine(std::string path);
  ~FakeEngine();
  FakeEngine(const FakeEngine&) = delete;
  FakeEngine& operator=(const FakeEngine&) = delete;

  std::atomic<int> delay_ms = 0;                ///< before each answer to an add or removal
  std::atomic<int> dump_ms = 0;                 ///< before the first page of a status
  std::atomic<bool> silent = false;             ///< reads nothing while set
  std::atomic<int> drops = 0;                   ///< so many of the next records are answered by closing the connection
  std::atomic<int> stale_pages = 0;             ///< so many of the next later pages are answered as stale
  std::atomic<bool> interface_missing = false;  ///< for status
  std::atomic<int> connections = 0;             ///< accepted so far

  /// The operations received so far, in order.
  std::vector<EngineOperation> received() const;
  std::size_t peer_count() const;
  /// Raises the link generation and tells every client.
  void change_link();

 private:
  using Key = std::array<std::uint8_t, 32>;

  void run();
  void serve(std::size_t index);
  void answer(int socket, const EngineRequest& request);
  EngineOutcome apply(const EngineRequest& request, EngineStatusPage& page);
  EngineOutcome fill_page(const EngineRequest& request, EngineStatusPage& page);

  std::string path_;
  Descriptor listener_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> link_changed_ = false;
  std::vector<Descriptor> clients_;
  std::uint64_t generation_ = 1;
  std::uint64_t snapshot_ = 0;
  mutable std::mutex mutex_;
  std::vector<EngineOperation> received_;
  std::map<Key, EngineAddresses> peers_;
  std::thread thread_;
};

}  // namespace wghub::test

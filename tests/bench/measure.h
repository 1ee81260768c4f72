// What the programs of the benchmark share: peers by number, and how long something takes. The n-th peer is the same in
// every program, so that floors and ours get the same work.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/address.h"
#include "common/key.h"

namespace wghub::bench {

inline constexpr std::uint32_t kNetwork = 0x0a600000;  ///< 10.96.0.0/16

/// A usable key of its own for every number.
inline PublicKey key_of(std::uint32_t number) {
  PublicKey key;
  const std::uint32_t scattered = number * 3266489917U;
  for (std::size_t i = 0; i < 4; ++i) key.bytes[i] = static_cast<std::uint8_t>(scattered >> (8 * i));
  key.bytes[30] = 7;
  return key;
}

/// Number 0 has the first address behind the hub's.
inline std::array<std::uint8_t, 4> address_of(std::uint32_t number) {
  const std::uint32_t value = kNetwork + 2 + number;
  return {static_cast<std::uint8_t>(value >> 24U), static_cast<std::uint8_t>(value >> 16U),
          static_cast<std::uint8_t>(value >> 8U), static_cast<std::uint8_t>(value)};
}

/// Units: seconds.
template <class Work>
double seconds_of(Work work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

/// The middle one of several runs.
template <class Work>
double median_seconds(int rounds, Work work) {
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) times.push_back(seconds_of(work));
  std::sort(times.begin(), times.end());
  return times.at(times.size() / 2);
}

/// The command line of all of them: TARGET VERB [NUMBER]...
struct Arguments {
  Arguments(int argc, char** argv) {
    if (argc < 4) throw std::runtime_error("usage: PROGRAM TARGET VERB NUMBER...");
    target = argv[1];
    verb = argv[2];
    for (int i = 3; i < argc; ++i) numbers.push_back(static_cast<std::uint32_t>(std::stoul(argv[i])));
  }
  std::string target;
  std::string verb;
  std::vector<std::uint32_t> numbers;
};

}  // namespace wghub::bench

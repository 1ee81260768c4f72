// What the targets share: the form of a target, claims about what must be so, and directories that the fuzzer's process
// keeps to itself. A target is one source with LLVMFuzzerTestOneInput.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace wghub::fuzz {

/// Ends the process, for the fuzzer to keep the input, when what must be so is not.
inline void claim(bool is_so, const char* what) {
  if (is_so) return;
  std::fprintf(stderr, "==CLAIM== not so: %s\n", what);
  std::abort();
}

/// In memory, where there is such a place.
inline std::string scratch_parent() {
  const char* given = std::getenv("TMPDIR");
  return given != nullptr ? given : "/dev/shm";
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Takes the first byte off; 0 when there is none.
inline std::uint8_t take_byte(std::string_view& input) {
  const auto byte = input.empty() ? 0 : static_cast<std::uint8_t>(input.front());
  input.remove_prefix(input.empty() ? 0 : 1);
  return byte;
}

}  // namespace wghub::fuzz

// A state directory for one test; gone with it.
#pragma once

#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp

#include <filesystem>
#include <fstream>
#include <string>

#include "common/state_directory.h"

namespace wghub {

struct TemporaryState {
  explicit TemporaryState(const std::string& parent = "/tmp") : path(parent + "/wghub-state-XXXXXX") {
    if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp");
  }
  TemporaryState(const TemporaryState&) = delete;
  TemporaryState& operator=(const TemporaryState&) = delete;
  ~TemporaryState() { std::filesystem::remove_all(path); }

  std::string file(const std::string& name) const { return path + "/" + name; }

  std::string read(const std::string& name) const {
    std::ifstream stream(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  void write(const std::string& name, const std::string& content) const {
    std::ofstream(file(name), std::ios::binary | std::ios::trunc) << content;
  }

  std::string path;
};

}  // namespace wghub

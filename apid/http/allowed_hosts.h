// The names under which the hub may be asked; any other Host is misdirected (DNS rebinding, T6).
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace wghub::http {

/// Thread-safe. Knows localhost and the machine's own addresses by itself; ports do not count.
class AllowedHosts {
 public:
  explicit AllowedHosts(const std::vector<std::string>& names);

  void add(const std::string& name);

  /// Shape: the value of a Host header, e.g. "hub.example.com:8443", "[2001:db8::1]".
  bool allows(std::string_view host_header) const;

 private:
  mutable std::mutex mutex_;
  std::set<std::string> names_;
};

}  // namespace wghub::http

// Says in time that a certificate ends: 14, 7 and 2 days before, and when it has. Looks when it is asked.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apid/service/surroundings.h"

namespace wghub {

/// end: when it ends, or nothing while that is not known; may block for seconds. Units: epoch seconds.
struct WatchedCertificate {
  std::string name;  ///< where it is served, for people
  std::function<std::optional<std::int64_t>()> end;
};

class CertificateWatch {
 public:
  CertificateWatch(Stores& stores, std::vector<WatchedCertificate> certificates);

  /// Records an alert for each that passed another of the limits since it was looked at last. One thread only.
  void look();

 private:
  Stores& stores_;
  std::vector<WatchedCertificate> certificates_;
};

}  // namespace wghub

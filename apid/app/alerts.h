// How alerts go out on this hub, from its configuration: the courier, the certificates that are watched, the hub's day.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "apid/app/configuration.h"
#include "apid/courier/courier.h"
#include "apid/service/certificate_watch.h"

namespace wghub::app {

/// Errors: std::runtime_error when the mail password cannot be read.
std::unique_ptr<Courier> make_courier(const Configuration& configuration);

/// apid's own, and what is shown at api_base_url. certificate_path: of the former.
std::vector<WatchedCertificate> watched_certificates(const Configuration& configuration,
                                                     const std::string& certificate_path, Courier& courier);

/// In the machine's time zone. Units: epoch seconds.
int minute_of_day(std::int64_t at);

}  // namespace wghub::app

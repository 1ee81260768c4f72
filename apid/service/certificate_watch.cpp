#include "apid/service/certificate_watch.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "common/log.h"

namespace wghub {
namespace {

constexpr std::int64_t kDay = 24 * 60 * 60;
constexpr std::array<std::int64_t, 4> kLimits = {0, 2, 7, 14};  // days

// The narrowest limit that so few days have passed.
std::optional<std::int64_t> limit_of(std::int64_t days) {
  for (const auto limit : kLimits)
    if (days <= limit) return limit;
  return std::nullopt;
}

}  // namespace

CertificateWatch::CertificateWatch(Stores& stores, std::vector<WatchedCertificate> certificates)
    : stores_(stores), certificates_(std::move(certificates)) {}

void CertificateWatch::look() {
  for (const auto& [name, end_of] : certificates_) {
    const auto end = end_of();
    if (!end) continue;
    const auto recorded = stores_.database.write<Done>([&, &served = name](store::Transaction& t) -> Outcome<Done> {
      const std::int64_t left = *end - store::now_of(t);
      const std::int64_t days = left <= 0 ? 0 : (left + kDay - 1) / kDay;
      const auto limit = limit_of(days);
      if (limit && stores_.alerts.begin(t, AlertKind::certificate, fmt::format("{} {} {}", served, *end, *limit)))
        stores_.alerts.append(t, {0, 0, AlertKind::certificate, std::to_string(days), served, ""});
      return Done{};
    });
    if (!recorded) log::warning("a look at a certificate could not be recorded", {{"certificate", name}});
  }
}

}  // namespace wghub

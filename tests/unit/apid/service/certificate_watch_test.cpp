#include "apid/service/certificate_watch.h"

#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;

namespace {

constexpr std::int64_t kNow = 1'700'000'000;
constexpr std::int64_t kDay = 24 * 60 * 60;

struct Watched {
  store::Scratch scratch;
  Stores stores{scratch.database(), {}, {}, {}, {}, {}, {}, {}};
  std::optional<std::int64_t> end;
  CertificateWatch watch{stores, {{"https://hub", [this] { return end; }}}};

  /// The days left that were told since the last call.
  std::string look(std::int64_t now) {
    scratch.set_clock(now);
    watch.look();
    std::string told;
    for (const auto& alert : scratch.read([&](store::Transaction& t) { return stores.alerts.after(t, seen, 100); })) {
      told += alert.reason + " ";
      seen = alert.number;
      CHECK(alert.subject == "https://hub");
    }
    return told;
  }
  std::int64_t seen = 0;
};

}  // namespace

TEST_CASE("A certificate's end is told at each limit once") {
  Watched watched;
  CHECK(watched.look(kNow).empty());
  watched.end = kNow + 30 * kDay;
  CHECK(watched.look(kNow).empty());
  CHECK(watched.look(kNow + 16 * kDay) == "14 ");
  CHECK(watched.look(kNow + 17 * kDay).empty());
  CHECK(watched.look(kNow + 23 * kDay + 60) == "7 ");
  CHECK(watched.look(kNow + 29 * kDay) == "1 ");
  CHECK(watched.look(kNow + 30 * kDay) == "0 ");
  CHECK(watched.look(kNow + 31 * kDay).empty());
}

TEST_CASE("A certificate that was renewed is watched anew") {
  Watched watched;
  watched.end = kNow + 5 * kDay;
  CHECK(watched.look(kNow) == "5 ");
  watched.end = kNow + 90 * kDay;
  CHECK(watched.look(kNow).empty());
  CHECK(watched.look(kNow + 85 * kDay) == "5 ");
}

#include "apid/service/second_factor.h"

#include <liboath/oath.h>

#include <stdexcept>
#include <utility>

#include "apid/service/identifiers.h"
#include "apid/service/totp.h"

namespace wghub {
namespace {

constexpr std::size_t kRecoveryCodes = 10;

std::string recovery_hash(const Secret& code) { return sha256_hex(totp::normalised(code.reveal()).reveal()); }

}  // namespace

SecondFactor::SecondFactor(Stores& stores, AuditTrail& audit, Clock clock, RandomBytes random)
    : stores_(stores), audit_(audit), clock_(std::move(clock)), random_(std::move(random)) {
  if (oath_init() != OATH_OK) throw std::runtime_error("liboath cannot start");
}

Outcome<Done> SecondFactor::check(store::Transaction& transaction, const User& user, const std::optional<Secret>& code,
                                  const Actor& actor) {
  if (user.totp_secret.empty()) return Done{};
  if (!code) return ErrorCode::totp_required;
  const Secret text = totp::normalised(code->reveal());
  if (totp::is_recovery_code(text.reveal())) {
    if (!stores_.accounts.take_recovery_code(transaction, user.id, recovery_hash(text))) return ErrorCode::totp_invalid;
    audit_.record(transaction, actor, "auth.recovery-code-used", user.id);
    return Done{};
  }
  const auto step = totp::step_of(user.totp_secret, text.reveal(), clock_());
  if (!step || !stores_.accounts.take_totp_step(transaction, user.id, *step)) return ErrorCode::totp_invalid;
  return Done{};
}

Outcome<TotpOffer> SecondFactor::offer(const std::string& user_id, const Actor& actor) {
  return stores_.database.write<TotpOffer>([&](store::Transaction& t) -> Outcome<TotpOffer> {
    const auto user = stores_.accounts.find_user(t, user_id);
    if (!user || !user->is_enabled()) return ErrorCode::unauthenticated;
    if (!user->totp_secret.empty()) return ErrorCode::totp_active;
    Secret secret = totp::make_secret(random_);
    stores_.accounts.set_totp_pending(t, user_id, secret);
    audit_.record(t, actor, "auth.totp-offered", user_id);
    Secret uri = totp::uri_of(secret, user->username);
    return TotpOffer{std::move(secret), std::move(uri)};
  });
}

Outcome<std::vector<Secret>> SecondFactor::confirm(const std::string& user_id, const Secret& code, const Actor& actor) {
  using Codes = std::vector<Secret>;
  return stores_.database.write<Codes>([&](store::Transaction& t) -> Outcome<Codes> {
    const auto user = stores_.accounts.find_user(t, user_id);
    if (!user || !user->is_enabled()) return ErrorCode::unauthenticated;
    if (user->totp_pending.empty()) return Error(ErrorCode::not_found, "No second factor is waiting to be confirmed.");
    const Secret text = totp::normalised(code.reveal());
    const auto step = totp::step_of(user->totp_pending, text.reveal(), clock_());
    if (!step) return ErrorCode::totp_invalid;
    Codes codes;
    std::vector<std::string> hashes;
    while (codes.size() < kRecoveryCodes) {
      codes.push_back(totp::make_recovery_code(random_));
      hashes.push_back(recovery_hash(codes.back()));
    }
    stores_.accounts.set_totp(t, user_id, user->totp_pending, *step);
    stores_.accounts.set_recovery_codes(t, user_id, hashes);
    audit_.record(t, actor, "auth.totp-enabled", user_id);
    return codes;
  });
}

Outcome<Done> SecondFactor::remove(const std::string& user_id, const Actor& actor) {
  return stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    const auto user = stores_.accounts.find_user(t, user_id);
    if (!user || user->totp_secret.empty()) return Error(ErrorCode::not_found, "The account has no second factor.");
    stores_.accounts.clear_totp(t, user_id);
    audit_.record(t, actor, "auth.totp-disabled", user_id);
    return Done{};
  });
}

}  // namespace wghub

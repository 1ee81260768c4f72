// The part of TokenService that hears of installations: reports, alarms, and the timeline of a token.
#include <algorithm>
#include <utility>

#include "apid/service/identifiers.h"
#include "apid/service/token_service.h"
#include "common/crash_point.h"
#include "common/log.h"

namespace wghub {
namespace {

constexpr std::int64_t kGraceSeconds = 60 * 60;   // reports are taken this long after the end
constexpr std::int64_t kFirstUnchangedCode = 10;  // R72: codes 10 to 16 left nothing on the machine
constexpr std::int64_t kLastUnchangedCode = 16;
constexpr std::int64_t kSignatureCode = 24;
constexpr std::string_view kMismatch = "SIGNATURE_MISMATCH";
constexpr std::int64_t kUsedCode = 42;
constexpr const char* kFetched = "fetched";
constexpr int kMostFetches = 20;
constexpr std::size_t kLongestWord = 64;

Error too_many() {
  Error error(ErrorCode::rate_limited);
  error.retry_after = std::chrono::hours(1);
  return error;
}

bool is_mismatch(const InstallReport& report) {
  return report.code == kSignatureCode && report.reason.starts_with(kMismatch);
}

// "60 NO_HANDSHAKE": a word in capitals leads the reason, where there is one.
std::string failure_of(const InstallReport& report) {
  const auto length = std::min(report.reason.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), kLongestWord);
  const auto word = report.reason.substr(0, length);
  return std::to_string(report.code) + (word.empty() ? "" : " " + word);
}

// A fetch is no report: the audit trail has when and by whom each was made.
std::vector<InstallReport> fetches_of(Stores& stores, store::Transaction& transaction, const std::string& token_id) {
  AuditFilter filter;
  filter.action = "token.claimed";
  filter.target = token_id;
  std::vector<InstallReport> fetches;
  for (auto& event : stores.audit.list(transaction, filter, {kMostFetches, std::nullopt}).items) {
    InstallReport fetch;
    fetch.token_id = token_id;
    fetch.at = event.at;
    fetch.stage = kFetched;
    fetch.detail = std::move(event.actor.user_agent);
    fetch.source_address = std::move(event.actor.source_address);
    fetches.push_back(std::move(fetch));
  }
  return fetches;
}

std::vector<InstallReport> timeline_of(Stores& stores, store::Transaction& transaction, const std::string& token_id) {
  auto timeline = fetches_of(stores, transaction, token_id);
  std::reverse(timeline.begin(), timeline.end());
  for (auto& report : stores.tokens.reports(transaction, token_id)) timeline.push_back(std::move(report));
  std::stable_sort(timeline.begin(), timeline.end(),
                   [](const auto& left, const auto& right) { return left.at < right.at; });
  return timeline;
}

}  // namespace

std::optional<Progress> progress_of(const Token& token) {
  const auto& last = token.last_report;
  const bool is_fetched = token.used_at && !token.claim_address.empty();
  if (!is_fetched || (last && last->at >= *token.used_at)) return last;
  return Progress{kFetched, 0, "", *token.used_at};
}

Alarm second_key_alarm(const std::string& spoke_id, const Actor& actor) {
  return {"second-key", spoke_id, "A second machine, at " + actor.source_address + ", tried to use the token."};
}

Outcome<TokenDetails> TokenService::details(const std::string& id) {
  return stores_.database.read<TokenDetails>([&](store::Transaction& t) -> Outcome<TokenDetails> {
    auto token = stores_.tokens.find(t, id);
    if (!token) return ErrorCode::token_not_found;
    const TokenState state = state_at(*token, store::now_of(t));
    return TokenDetails{{std::move(*token), state}, timeline_of(stores_, t, id)};
  });
}

// Once a token and kind: what a person must look at (install-scripts.md, table of failures).
std::optional<Alarm> TokenService::alarm_of(store::Transaction& t, const Token& token, const InstallReport& report,
                                            const Actor& actor) {
  const boost::json::object details = {{"spokeId", token.spoke_id}, {"spokeName", token.spoke_name}};
  if (is_mismatch(report)) {
    const auto reports = stores_.tokens.reports(t, token.id);
    if (std::count_if(reports.begin(), reports.end(), is_mismatch) > 1) return std::nullopt;
    audit_.record_denied(t, actor, "alarm.signature-mismatch", token.id, details);
    return Alarm{
        "signature-mismatch", token.spoke_id,
        "A machine at " + actor.source_address + " was given a WireGuard package that its makers did not sign."};
  }
  if (report.code != kUsedCode || !stores_.tokens.mark_alarmed(t, token.id)) return std::nullopt;
  audit_.record_denied(t, actor, "alarm.second-key", token.id, details);
  return second_key_alarm(token.spoke_id, actor);
}

Outcome<TokenState> TokenService::report(const ReportRequest& request, const Actor& actor) {
  InstallReport report = request.report;
  std::optional<Token> released;
  std::optional<Alarm> alarm;
  auto stored = stores_.database.write<TokenState>([&](store::Transaction& t) -> Outcome<TokenState> {
    released.reset();
    alarm.reset();
    const auto now = store::now_of(t);
    auto token = stores_.tokens.find_by_hash(t, sha256_hex(request.token.reveal()));
    if (!is_token_form(request.token.reveal())) return ErrorCode::token_malformed;
    if (!token) return unknown_token(actor, now);
    if (token->state == TokenState::revoked) return ErrorCode::token_revoked;
    if (now > token->expires_at + kGraceSeconds) return ErrorCode::token_expired;
    report.token_id = token->id;
    report.at = now;
    report.source_address = actor.source_address;
    if (!stores_.tokens.add_report(t, report)) return too_many();
    if (report.code != 0)
      stores_.alerts.append(t, {0, 0, AlertKind::install_failed, failure_of(report), token->id, token->spoke_name});
    alarm = alarm_of(t, *token, report, actor);
    token->last_report = Progress{report.stage, report.code, report.reason, report.at};
    const bool unchanged = report.code >= kFirstUnchangedCode && report.code <= kLastUnchangedCode;
    if (unchanged && now < token->expires_at && stores_.tokens.release(t, token->id, actor.source_address)) {
      WGHUB_CRASH_POINT("release.marked");
      audit_.record(t, actor, "token.released", token->id, {{"code", report.code}, {"stage", report.stage}});
      token->state = TokenState::unused;
      token->used_at.reset();
      released = *token;
    }
    return state_at(*token, now);
  });
  if (!stored) return stored;
  WGHUB_CRASH_POINT("report.committed");
  log::info("install report", {{"token_id", report.token_id}, {"stage", report.stage}, {"code", report.code}});
  events_.publish({"install.report", report.at, report});
  if (alarm) events_.publish({"alarm", report.at, *alarm});
  if (released) events_.publish({"token.released", report.at, *released});
  return stored;
}

}  // namespace wghub

#include "apid/store/audit_store.h"

#include <set>

#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::store;

namespace {

struct Fixture {
  Scratch scratch;
  AuditStore audit;

  AuditEvent append(const std::string& action, const std::string& target = "t", const std::string& actor = "ann") {
    AuditEvent event;
    event.actor = {std::string("id-").append(actor), actor, "192.0.2.1", "curl"};
    event.action = action;
    event.target = target;
    event.outcome = "success";
    return scratch.write([&](Transaction& t) { return audit.append(t, event); });
  }
  std::optional<std::int64_t> verify() {
    return scratch.read([&](Transaction& t) { return audit.verify(t); }).broken;
  }
  std::vector<std::int64_t> ids(const AuditFilter& filter) {
    const auto page = scratch.read([&](Transaction& t) { return audit.list(t, filter, {}); });
    std::vector<std::int64_t> found;
    for (const auto& event : page.items) found.push_back(event.id);
    return found;
  }
  bool change(std::string_view sql) {
    return static_cast<bool>(scratch.database().write<Done>([&](Transaction& t) -> Outcome<Done> {
      t.query(sql).execute();
      return Done{};
    }));
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "NumbersEventsAndSealsThem") {
  CHECK_FALSE(verify());
  CHECK(append("a").id == 1);
  const auto second = append("b");
  CHECK(second.id == 2);
  CHECK(second.at == scratch.clock());
  CHECK_FALSE(verify());
}

TEST_CASE_METHOD(Fixture, "RefusesToChangeOrForgetAnEvent", "[T17]") {
  append("a");
  CHECK_FALSE(change("UPDATE audit_events SET action = 'b' WHERE id = 1"));
  CHECK_FALSE(change("DELETE FROM audit_events WHERE id = 1"));
  CHECK_FALSE(change("REPLACE INTO audit_events SELECT * FROM audit_events WHERE id = 1"));
  CHECK(ids({}) == std::vector<std::int64_t>{1});
  CHECK_FALSE(verify());
  WARN("UPDATE, DELETE and REPLACE of an event: refused by the schema");
}

TEST_CASE_METHOD(Fixture, "NamesTheFirstEventThatWasChanged", "[T17]") {
  for (int i = 0; i < 5; ++i) append("a");
  const auto* const sql = GENERATE("UPDATE audit_events SET details = '{\"x\":1}' WHERE id = 3",
                                   "UPDATE audit_events SET actor_id = 'id-anna', actor_name = 'nn' WHERE id = 3",
                                   "UPDATE audit_events SET event_hash = 'x' WHERE id = 3",
                                   "DELETE FROM audit_events WHERE id = 3", "DELETE FROM audit_events WHERE id >= 3",
                                   "UPDATE audit_head SET last_id = 2, last_hash = (SELECT event_hash FROM"
                                   " audit_events WHERE id = 2)",
                                   "UPDATE audit_head SET base_id = 2, base_hash = 'x'");
  REQUIRE(change("DROP TRIGGER audit_events_keep_values"));
  REQUIRE(change("DROP TRIGGER audit_events_keep_rows"));
  REQUIRE(change(sql));
  CHECK(verify() == 3);
}

TEST_CASE_METHOD(Fixture, "AWorkThatFailsLeavesNoGapInTheChain") {
  append("a");
  const auto failed = scratch.database().write<Done>([&](Transaction& t) -> Outcome<Done> {
    audit.append(t, {});
    return Error(ErrorCode::forbidden);
  });
  CHECK_FALSE(failed);
  CHECK(append("b").id == 2);
  CHECK_FALSE(verify());
}

TEST_CASE_METHOD(Fixture, "FindsEventsByEveryField") {
  append("token.created", "x", "ann");
  scratch.set_clock(scratch.clock() + 10);
  append("token.revoked", "x", "bob");
  scratch.set_clock(scratch.clock() + 10);
  append("token.created", "y", "bob");
  using Ids = std::vector<std::int64_t>;
  AuditFilter filter;
  CHECK(ids(filter) == Ids{3, 2, 1});
  filter.action = "token.created";
  CHECK(ids(filter) == Ids{3, 1});
  filter.target = "x";
  CHECK(ids(filter) == Ids{1});
  filter = {};
  filter.actor = "bob";
  CHECK(ids(filter) == Ids{3, 2});
  filter.actor = "id-ann";
  CHECK(ids(filter) == Ids{1});
  filter = {};
  filter.outcome = "denied";
  CHECK(ids(filter).empty());
  filter = {};
  filter.from = 1'700'000'001;
  filter.to = 1'700'000'010;
  CHECK(ids(filter) == Ids{2});
  filter.from = 1'700'000'021;
  filter.to.reset();
  CHECK(ids(filter).empty());
  filter = {};
  filter.to = 1'699'999'999;
  CHECK(ids(filter).empty());
  filter = {};
  filter.from = 1'700'000'000;
  filter.to = 1'700'000'020;
  CHECK(ids(filter) == Ids{3, 2, 1});
}

TEST_CASE_METHOD(Fixture, "PagesOfEventsAreWholeWhileSomeAreAdded") {
  for (int i = 0; i < 30; ++i) append("a");
  std::vector<std::int64_t> seen;
  PageRequest request{4, std::nullopt};
  do {
    const auto page = scratch.read([&](Transaction& t) { return audit.list(t, {}, request); });
    for (const auto& event : page.items) seen.push_back(event.id);
    request.after = page.next;
    append("b");
  } while (request.after);
  REQUIRE(seen.size() == 30);
  CHECK(seen.front() == 30);
  CHECK(seen.back() == 1);
  CHECK(std::set(seen.begin(), seen.end()).size() == 30);
}

// The main of the unit tests, compiled once: Catch2's own is the slowest file of the tree. Of each case that is tagged
// with the threat or fault that it proves ([F16]) it says in a line how it ended and what it measured (WARN), for
// tests/report.
#include <iostream>
#include <regex>
#include <string>

#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_assertion_result.hpp>
#include <catch2/catch_session.hpp>
#include <catch2/catch_test_case_info.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>
using Listener = Catch::EventListenerBase;
using Handled = void;
static const Catch::TestCaseInfo& info_of(const Catch::TestCaseStats& stats) { return *stats.testInfo; }
int main(int argc, char** argv) { return Catch::Session().run(argc, argv); }
#else
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
using Listener = Catch::TestEventListenerBase;
using Handled = bool;
static const Catch::TestCaseInfo& info_of(const Catch::TestCaseStats& stats) { return stats.testInfo; }
#endif

namespace {

class Proofs : public Listener {
 public:
  using Listener::Listener;

  Handled assertionEnded(const Catch::AssertionStats& stats) override {
    const auto& result = stats.assertionResult;
    if (result.getResultType() == Catch::ResultWas::Warning)
      figures_ += (figures_.empty() ? "" : "; ") + static_cast<std::string>(result.getMessage());
    return static_cast<Handled>(true);
  }

  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    const std::regex id("\\[([TF][0-9]+)\\]");
    const std::string tags = info_of(stats).tagsAsString();
    std::string ids;
    for (std::sregex_iterator found(tags.begin(), tags.end(), id), end; found != end; ++found)
      ids += ' ' + found->str(1);
    if (!ids.empty())
      std::cout << "proof" << ids << " | " << (stats.totals.assertions.allOk() ? "passed" : "failed")
                << " | unit: " << info_of(stats).name << " | " << figures_ << std::endl;
    figures_.clear();
    Listener::testCaseEnded(stats);
  }

 private:
  std::string figures_;
};

}  // namespace

CATCH_REGISTER_LISTENER(Proofs)

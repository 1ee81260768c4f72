// All of apid behind the router, on a database in memory, with a helper that agrees to everything: an initialised hub
// with an admin, a few tokens and a spoke. Time stands still and random bytes repeat, so secrets and ids are the same
// in every run and can stand in a corpus. Leaves sockets, TLS and the reconciler's passes out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apid/http/admission.h"
#include "apid/http/router.h"

namespace wghub::fuzz {

class Hub {
 public:
  enum class State { untouched, in_use };

  explicit Hub(State state);
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;
  ~Hub();

  const http::Router& router() const;
  const http::AdmissionRules& rules() const;

  /// The signed-in admin.
  const http::Caller& admin() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// The hubs for one input after another: new ones now and then, so that none grows without end.
class Hubs {
 public:
  Hub& in_use() { return of(Hub::State::in_use, in_use_); }
  Hub& untouched() { return of(Hub::State::untouched, untouched_); }

 private:
  struct Lent {
    std::unique_ptr<Hub> hub;
    int times = 0;
  };
  static Hub& of(Hub::State state, Lent& lent);

  Lent in_use_;
  Lent untouched_;
};

/// Claims what every answer must be, and gives it as it would be sent.
std::string check(const http::Response& response, const http::Request& request);

}  // namespace wghub::fuzz

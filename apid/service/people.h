// Everything about people and their credentials, made in order. Decides nothing itself.
#pragma once

#include "apid/service/api_token_service.h"
#include "apid/service/login_guard.h"
#include "apid/service/password.h"
#include "apid/service/second_factor.h"
#include "apid/service/session_service.h"
#include "apid/service/setup_service.h"
#include "apid/service/sign_in_service.h"
#include "apid/service/user_service.h"

namespace wghub {

struct People {
  People(Stores& stores, AuditTrail& audit, EventSink& events, const Clock& clock, const RandomBytes& random,
         AccountLimits limits)
      : guard(audit, clock, limits),
        sessions(stores, audit, events, random),
        api_tokens(stores, audit, events, clock, random),
        second_factor(stores, audit, clock, random),
        setup(stores, audit, guard, hasher, sessions, random),
        sign_in(stores, audit, events, guard, hasher, second_factor, sessions),
        users(stores, audit, events, clock, random, hasher) {}

  PasswordHasher hasher;       ///< one for all: at most two computations at once
  LoginGuard guard;            ///< failed attempts
  SessionService sessions;     ///< of people
  ApiTokenService api_tokens;  ///< of programs
  SecondFactor second_factor;  ///< TOTP and recovery codes
  SetupService setup;          ///< the first admin
  SignInService sign_in;       ///< log-in, step-up, password change
  UserService users;           ///< what admins do
};

}  // namespace wghub

// The API's objects as JSON: one function a kind, the same wherever it is shown.
#pragma once

#include <boost/json/object.hpp>

#include "apid/http/message.h"
#include "apid/model/account.h"
#include "apid/model/audit.h"
#include "apid/model/cluster.h"
#include "apid/model/hub.h"
#include "apid/model/peer.h"
#include "apid/model/spoke.h"
#include "apid/model/token.h"
#include "apid/service/identity.h"
#include "apid/service/token_service.h"

namespace wghub::endpoint {

boost::json::object encode(const HubConfig& hub);
/// Without its clear text.
boost::json::object encode(const Token& token, TokenState state);
/// The one answer that shows the clear text: `token`, commands, sums.
boost::json::object encode(const IssuedToken& issued);
/// As lists show it; metadata is only in the status of one spoke.
boost::json::object encode(const Spoke& spoke);
boost::json::object encode(const Cluster& cluster);
boost::json::object encode(const KnownNode& node);
boost::json::object encode(const InstallReport& report);
boost::json::object encode(const PeerState& peer);
boost::json::object encode(const ApiToken& token);
boost::json::object encode(const AuditEvent& event);
/// As admins see it.
boost::json::object encode(const User& user);
/// As a person sees himself.
boost::json::object encode_self(const User& user, bool second_factor);
/// asking: id of the session that asks, which is told apart.
boost::json::object encode(const Session& session, const std::string& asking);

/// Who sends this request, for the audit trail.
Actor actor_of(const http::Request& request);
Identity identity_of(const http::Request& request);

}  // namespace wghub::endpoint

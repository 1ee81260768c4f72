// Alerts in words, and a message of several. Leaves sending to the courier. What a stranger may have chosen (names,
// reasons) has no control characters: the edge refuses them.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "apid/courier/courier.h"
#include "apid/model/alert.h"

namespace wghub {

/// One sentence.
std::string text_of(const Alert& alert);
/// As the API shows it and webhooks are sent it.
boost::json::object to_json(const Alert& alert);

/// What was worth telling, oldest first, at least one. hub: how people call it. Units: now in epoch seconds.
Message compose(const std::vector<Alert>& alerts, const std::string& hub, std::int64_t now);
Message compose_test(const std::string& hub, std::int64_t now);

}  // namespace wghub

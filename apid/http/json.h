// Strict reading and writing of JSON bodies. What a body must hold is the endpoint's.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "apid/http/message.h"
#include "common/error.h"

namespace wghub::http {

/// One JSON object and nothing behind it; duplicate keys, invalid UTF-8 and depth over 16 are INVALID_JSON.
Outcome<boost::json::object> parse_object(std::string_view text);

/// A JSON answer.
Response json_response(unsigned status, const boost::json::object& body);

/// YYYY-MM-DDTHH:MM:SSZ of epoch seconds.
std::string to_timestamp(std::int64_t epoch_seconds);

}  // namespace wghub::http

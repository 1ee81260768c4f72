// The forms of addresses that messages go to.
#pragma once

#include <string>
#include <string_view>

#include "apid/model/alert.h"

namespace wghub {

/// Whether a text is a plain mail address of ASCII: LOCAL@DOMAIN, no quotes, no comments, no spaces, at most 254 bytes.
bool is_mail_address(std::string_view text);

/// Whether a text is a http or https URL of ASCII with a host, without user, password and fragment.
bool is_webhook(std::string_view text);

/// What may be shown of it: a mail address whole, of a webhook scheme and host, since the rest may be a secret.
std::string shown_address(const AlertTarget& target);

}  // namespace wghub

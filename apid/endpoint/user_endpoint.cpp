#include "apid/endpoint/user_endpoint.h"

#include <boost/json/array.hpp>

#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"
#include "apid/endpoint/fields.h"
#include "apid/service/account_fields.h"
#include "apid/service/identifiers.h"

namespace wghub::endpoint {
namespace {

boost::json::object changed(const User& user) { return {{"success", true}, {"user", encode(user)}}; }

}  // namespace

http::Response UserEndpoint::list(const http::Request& request) {
  return answer(users_.list(), request, 200, [](const std::vector<User>& users) {
    boost::json::array array;
    for (const auto& user : users) array.push_back(encode(user));
    return boost::json::object{{"users", std::move(array)}, {"totalCount", users.size()}};
  });
}

http::Response UserEndpoint::create(const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  Fields fields(*body);
  NewUser wanted;
  wanted.username = fields.text("username", kUsernameLongest);
  wanted.password = Secret(fields.text("password", kSecretBytes));
  wanted.role = read_role(fields);
  if (auto fault = fields.finish()) return http::render_json_error(*fault, request);
  return answer(users_.create(wanted, actor_of(request)), request, 201, changed);
}

http::Response UserEndpoint::update_user(const std::string& id, const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  Fields fields(*body);
  UserChange change;
  if (fields.has("role")) change.role = read_role(fields);
  change.disabled = fields.optional_boolean("disabled");
  if (body->empty()) fields.fault("role", "or disabled is needed");
  if (auto fault = fields.finish()) return http::render_json_error(*fault, request);
  return answer(users_.update(id, change, actor_of(request)), request, 200, changed);
}

http::Response UserEndpoint::reset_user(const std::string& id, const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  Fields fields(*body);
  const Secret password(fields.text("password", kSecretBytes));
  if (auto fault = fields.finish()) return http::render_json_error(*fault, request);
  return answer_done(users_.reset(id, password, actor_of(request)), request, "User reset successfully");
}

http::Response UserEndpoint::update(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::not_found, request);
  return update_user(request.parameters[0], request);
}

http::Response UserEndpoint::remove(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::not_found, request);
  return answer_done(users_.remove(request.parameters[0], actor_of(request)), request, "User removed successfully");
}

http::Response UserEndpoint::reset(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::not_found, request);
  return reset_user(request.parameters[0], request);
}

http::Response UserEndpoint::update_by_name(const http::Request& request) {
  const auto user = users_.find_by_name(request.parameters[0]);
  return user ? update_user(user->id, request) : http::render_json_error(user.error(), request);
}

http::Response UserEndpoint::reset_by_name(const http::Request& request) {
  const auto user = users_.find_by_name(request.parameters[0]);
  return user ? reset_user(user->id, request) : http::render_json_error(user.error(), request);
}

}  // namespace wghub::endpoint

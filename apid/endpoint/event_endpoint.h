// GET /api/events, and the encoding of services' events for it. Writing the stream is apid/http's.
#pragma once

#include "apid/http/event_stream.h"
#include "apid/http/message.h"
#include "apid/service/event.h"

namespace wghub::endpoint {

class EventEndpoint {
 public:
  http::Response stream(const http::Request& request);
};

/// Encodes what services publish and hands it to everybody who listens.
class EventEncoder : public EventSink {
 public:
  explicit EventEncoder(http::EventBroadcaster& broadcaster) : broadcaster_(broadcaster) {}

  void publish(const Event& event) override;
  void end_credential(const std::string& credential_id) override;

 private:
  http::EventBroadcaster& broadcaster_;
};

}  // namespace wghub::endpoint

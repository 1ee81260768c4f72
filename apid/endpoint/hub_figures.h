// What is so at the moment of the question: spokes, tokens, addresses, clusters, the interface, the database. Reads
// each part through its own door; one snapshot of the database a question. Names and limits of labels:
// docs/monitoring.md.
#pragma once

#include <cstddef>
#include <string>

#include "apid/endpoint/metric_list.h"
#include "apid/http/event_stream.h"
#include "apid/service/reconciler.h"
#include "apid/service/status_tracker.h"
#include "apid/service/surroundings.h"
#include "common/result.h"

namespace wghub::endpoint {

/// What is asked; all of it outlives the figures.
struct FigureSources {
  Stores& stores;
  const StatusTracker& tracker;
  const Reconciler& reconciler;
  const http::EventBroadcaster& broadcaster;
};

struct FigureOptions {
  std::string database_path;
  std::string certificate_path;
  std::size_t most_spokes = 5000;  ///< spokes with series of their own: those that registered last
};

class HubFigures {
 public:
  HubFigures(const FigureSources& sources, FigureOptions options) : sources_(sources), options_(std::move(options)) {}

  /// credential_id: who asks; when it is an API token, its end is told. Errors: those of a read of the database.
  Outcome<Done> add_to(MetricList& list, const std::string& credential_id);

 private:
  struct Stored;

  Outcome<Stored> read(const std::string& credential_id);
  void add_live(MetricList& list) const;
  void add_parts(MetricList& list) const;

  FigureSources sources_;
  FigureOptions options_;
};

}  // namespace wghub::endpoint

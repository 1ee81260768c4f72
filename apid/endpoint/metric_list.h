// Metrics that are read, not counted: families in the order of their lines, each with its help. The text format is
// prometheus-cpp's.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <string>
#include <vector>

namespace wghub::endpoint {

/// One value of a family that has one label.
struct Labelled {
  std::string label;
  double value = 0;
};

class MetricList {
 public:
  void gauge(const char* name, const char* help, double value);
  void counter(const char* name, const char* help, double value);
  /// One series for each; label is the name of the label.
  void gauges(const char* name, const char* help, const char* label, const std::vector<Labelled>& values);
  void counters(const char* name, const char* help, const char* label, const std::vector<Labelled>& values);
  /// How often something happened and the sum of what was measured.
  void summary(const char* name, const char* help, std::uint64_t count, double sum);
  void add(prometheus::MetricFamily family) { families_.push_back(std::move(family)); }

  const std::vector<prometheus::MetricFamily>& families() const { return families_; }

 private:
  prometheus::MetricFamily& begin(const char* name, const char* help, prometheus::MetricType type);
  void put(const char* name, const char* help, prometheus::MetricType type, const char* label,
           const std::vector<Labelled>& values);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace wghub::endpoint

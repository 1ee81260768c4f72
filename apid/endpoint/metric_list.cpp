#include "apid/endpoint/metric_list.h"

namespace wghub::endpoint {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

namespace {

ClientMetric metric_of(MetricType type, double value) {
  ClientMetric metric;
  if (type == MetricType::Counter)
    metric.counter.value = value;
  else
    metric.gauge.value = value;
  return metric;
}

}  // namespace

MetricFamily& MetricList::begin(const char* name, const char* help, MetricType type) {
  auto& family = families_.emplace_back();
  family.name = name;
  family.help = help;
  family.type = type;
  return family;
}

void MetricList::gauge(const char* name, const char* help, double value) {
  begin(name, help, MetricType::Gauge).metric.push_back(metric_of(MetricType::Gauge, value));
}

void MetricList::counter(const char* name, const char* help, double value) {
  begin(name, help, MetricType::Counter).metric.push_back(metric_of(MetricType::Counter, value));
}

void MetricList::gauges(const char* name, const char* help, const char* label, const std::vector<Labelled>& values) {
  put(name, help, MetricType::Gauge, label, values);
}

void MetricList::counters(const char* name, const char* help, const char* label, const std::vector<Labelled>& values) {
  put(name, help, MetricType::Counter, label, values);
}

void MetricList::summary(const char* name, const char* help, std::uint64_t count, double sum) {
  auto& metric = begin(name, help, MetricType::Summary).metric.emplace_back();
  metric.summary.sample_count = count;
  metric.summary.sample_sum = sum;
}

void MetricList::put(const char* name, const char* help, MetricType type, const char* label,
                     const std::vector<Labelled>& values) {
  auto& family = begin(name, help, type);
  family.metric.reserve(values.size());
  for (const auto& [text, value] : values) {
    family.metric.push_back(metric_of(type, value));
    family.metric.back().label.push_back({label, text});
  }
}

}  // namespace wghub::endpoint

// Gives the registry to prometheus-cpp: one metric family for each row.
#include "node/metrics/prometheus.h"

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/text_serializer.h>

#include "node/metrics/http_address.h"
#include "node/metrics/registry.h"

namespace guccho::metrics {
namespace {

prometheus::MetricType type_of(Type type) {
  switch (type) {
    case Type::kCounter:
      return prometheus::MetricType::Counter;
    case Type::kGauge:
      return prometheus::MetricType::Gauge;
    case Type::kHistogram:
      return prometheus::MetricType::Histogram;
    case Type::kSummary:
      return prometheus::MetricType::Summary;
    case Type::kInfoOnly:
      break;
  }
  return prometheus::MetricType::Untyped;
}

prometheus::ClientMetric with_labels(const Labels& labels) {
  prometheus::ClientMetric m;
  for (const auto& [name, value] : labels) m.label.push_back({name, value});
  return m;
}

prometheus::ClientMetric one(Type type, const Sample& sample) {
  prometheus::ClientMetric m = with_labels(sample.labels);
  (type == Type::kCounter ? m.counter.value : m.gauge.value) = sample.value;
  return m;
}

prometheus::ClientMetric one(Type type, const Distribution& d) {
  prometheus::ClientMetric m = with_labels(d.labels);
  if (type == Type::kHistogram) {
    m.histogram.sample_count = d.count;
    m.histogram.sample_sum = d.sum;
    for (const auto& [bound, count] : d.points) {
      m.histogram.bucket.push_back({.cumulative_count = static_cast<uint64_t>(count), .upper_bound = bound});
    }
  } else {
    m.summary.sample_count = d.count;
    m.summary.sample_sum = d.sum;
    for (const auto& [quantile, value] : d.points) m.summary.quantile.push_back({.quantile = quantile, .value = value});
  }
  return m;
}

template <class T>
void add_all(prometheus::MetricFamily& family, Type type, const std::vector<T>& items) {
  for (const T& item : items) family.metric.push_back(one(type, item));
}

void add_value(prometheus::MetricFamily& family, Type type, const Value& value) {
  if (const auto* samples = std::get_if<std::vector<Sample>>(&value)) return add_all(family, type, *samples);
  if (const auto* many = std::get_if<std::vector<Distribution>>(&value)) return add_all(family, type, *many);
  double number = 0;
  if (const auto* u = std::get_if<uint64_t>(&value)) number = static_cast<double>(*u);
  if (const auto* i = std::get_if<int64_t>(&value)) number = static_cast<double>(*i);
  if (const auto* d = std::get_if<double>(&value)) number = *d;
  family.metric.push_back(one(type, Sample{{}, number}));
}

std::vector<prometheus::MetricFamily> families(const Snapshot& snapshot) {
  std::vector<prometheus::MetricFamily> out;
  for (const Metric& metric : registry()) {
    if (metric.prometheus.empty() || (metric.when != nullptr && !metric.when(snapshot))) continue;
    prometheus::MetricFamily family{std::string(metric.prometheus), std::string(metric.help), type_of(metric.type), {}};
    add_value(family, metric.type, metric.read(snapshot));
    if (!family.metric.empty()) out.push_back(std::move(family));
  }
  return out;
}

class Source : public prometheus::Collectable {
 public:
  explicit Source(std::function<Snapshot()> take) : take_(std::move(take)) {}
  std::vector<prometheus::MetricFamily> Collect() const override { return families(take_()); }

 private:
  std::function<Snapshot()> take_;
};

class Endpoint : public PrometheusEndpoint {
 public:
  explicit Endpoint(std::function<Snapshot()> take) : source_(std::make_shared<Source>(std::move(take))) {}

  void listen(const std::string& addresses) {
    // One thread serves; a client that sends nothing for two seconds is dropped so that it cannot keep that thread.
    exposer_ = std::make_unique<prometheus::Exposer>(
        std::vector<std::string>{"listening_ports", addresses, "num_threads", "1", "request_timeout_ms", "2000"});
    exposer_->RegisterCollectable(source_);
  }

 private:
  std::shared_ptr<Source> source_;
  std::unique_ptr<prometheus::Exposer> exposer_;  // ends before the source
};

}  // namespace

Result<std::unique_ptr<PrometheusEndpoint>> PrometheusEndpoint::start(std::span<const std::string> bind, uint16_t port,
                                                                      std::function<Snapshot()> take) {
  auto endpoint = std::make_unique<Endpoint>(std::move(take));
  const Status listening =
      listen_on(bind, port, "metrics-port", [&](const std::string& addresses) { endpoint->listen(addresses); });
  if (!listening) return fail(listening.error().text);
  return endpoint;
}

std::string exposition(const Snapshot& snapshot) {
  return prometheus::TextSerializer().Serialize(families(snapshot));
}

}  // namespace guccho::metrics

// The node's directory of subscriptions.
#include "node/runtime/pubsub.h"

#include <algorithm>
#include <numeric>

#include "node/base/glob.h"

namespace guccho::runtime {
namespace {

uint64_t add_receivers(const std::vector<uint32_t>& counts, std::vector<uint16_t>& workers) {
  uint64_t sum = 0;
  for (uint16_t w = 0; w < counts.size(); ++w) {
    if (counts[w] == 0) continue;
    sum += counts[w];
    workers.push_back(w);
  }
  return sum;
}

}  // namespace

void SubscriptionDirectory::add(bool sharded, uint16_t worker, std::string_view channel) {
  Space& s = space(sharded);
  Stripe& stripe = s.stripes[stripe_of(channel)];
  std::lock_guard lock(stripe.mutex);
  auto it = stripe.channels.find(channel);
  if (it == stripe.channels.end()) {
    it = stripe.channels.emplace(std::string(channel), std::vector<uint32_t>(workers_)).first;
    s.channels.fetch_add(1);
  }
  ++it->second[worker];
}

void SubscriptionDirectory::remove(bool sharded, uint16_t worker, std::string_view channel) {
  Space& s = space(sharded);
  Stripe& stripe = s.stripes[stripe_of(channel)];
  std::lock_guard lock(stripe.mutex);
  const auto it = stripe.channels.find(channel);
  if (it == stripe.channels.end()) return;
  --it->second[worker];
  if (std::ranges::any_of(it->second, [](uint32_t n) { return n != 0; })) return;
  stripe.channels.erase(it);
  s.channels.fetch_sub(1);
}

uint64_t SubscriptionDirectory::receivers(bool sharded, std::string_view channel,
                                          std::vector<uint16_t>& workers) const {
  const Space& s = space(sharded);
  if (s.channels.load() == 0) return 0;
  const Stripe& stripe = s.stripes[stripe_of(channel)];
  std::lock_guard lock(stripe.mutex);
  const auto it = stripe.channels.find(channel);
  return it == stripe.channels.end() ? 0 : add_receivers(it->second, workers);
}

uint64_t SubscriptionDirectory::subscribers(bool sharded, std::string_view channel) const {
  std::vector<uint16_t> ignored;
  return receivers(sharded, channel, ignored);
}

// ---- patterns ----

void SubscriptionDirectory::add_pattern(uint16_t worker, std::string_view pattern) {
  change_pattern(worker, pattern, true);
}

void SubscriptionDirectory::remove_pattern(uint16_t worker, std::string_view pattern) {
  change_pattern(worker, pattern, false);
}

void SubscriptionDirectory::change_pattern(uint16_t worker, std::string_view pattern, bool add) {
  std::lock_guard lock(patterns_mutex_);
  auto fresh = std::make_shared<Patterns>(*patterns_);
  auto it = std::ranges::find_if(*fresh, [&](const auto& p) { return p->text == pattern; });
  if (it == fresh->end()) {
    if (!add) return;
    fresh->push_back(std::make_shared<const Pattern>(Pattern{std::string(pattern), std::vector<uint32_t>(workers_)}));
    it = std::prev(fresh->end());
  }
  auto changed = std::make_shared<Pattern>(**it);
  changed->counts[worker] += add ? 1u : -1u;
  if (std::ranges::all_of(changed->counts, [](uint32_t n) { return n == 0; })) {
    fresh->erase(it);
  } else {
    *it = std::move(changed);
  }
  patterns_ = std::move(fresh);
  patterns_version_.fetch_add(1, std::memory_order_release);
}

std::pair<std::shared_ptr<const SubscriptionDirectory::Patterns>, uint64_t> SubscriptionDirectory::patterns() const {
  std::lock_guard lock(patterns_mutex_);
  return {patterns_, patterns_version_.load(std::memory_order_relaxed)};
}

uint64_t SubscriptionDirectory::matching(const Patterns& patterns, std::string_view channel,
                                         std::vector<uint16_t>& workers) {
  uint64_t sum = 0;
  for (const auto& p : patterns) {
    if (glob_match(p->text, channel)) sum += add_receivers(p->counts, workers);
  }
  return sum;
}

// ---- views ----

std::vector<std::string> SubscriptionDirectory::channels(bool sharded) const {
  std::vector<std::string> out;
  for (const Stripe& stripe : space(sharded).stripes) {
    std::lock_guard lock(stripe.mutex);
    for (const auto& [channel, counts] : stripe.channels) out.push_back(channel);
  }
  return out;
}

metrics::PubsubPart SubscriptionDirectory::measure() const {
  return {.channels = space(false).channels.load(),
          .patterns = patterns().first->size(),
          .shard_channels = space(true).channels.load()};
}

}  // namespace guccho::runtime

// The ring of the last events and the hash of all.
#include "tests/sim/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace guccho::sim {
namespace {

// FNV-1a over bytes and a multiply-xor step over words: order-sensitive, a few cycles an event.
uint64_t mix(uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
  return hash ^ (hash >> 32);
}

std::string name(int node) {
  return node < 0 ? std::string("-") : fmt::format("n{}", node);
}

}  // namespace

std::string to_string(const TraceEvent& e) {
  const auto us = e.at.time_since_epoch().count();
  return fmt::format("{:>6}.{:06} {:>4} {:<22} {:>4} {} {}{}{}", us / 1'000'000, us % 1'000'000, name(e.node), e.what,
                     name(e.peer), e.x, e.y, e.note.empty() ? "" : " ", e.note);
}

void Trace::add(TraceEvent e) {
  hash_ = mix(hash_, static_cast<uint64_t>(e.at.time_since_epoch().count()));
  hash_ = mix(hash_, std::string_view(e.what));
  hash_ = mix(hash_, (static_cast<uint64_t>(static_cast<uint32_t>(e.node)) << 32) | static_cast<uint32_t>(e.peer));
  hash_ = mix(hash_, e.x);
  hash_ = mix(hash_, e.y);
  if (!e.note.empty()) hash_ = mix(hash_, std::string_view(e.note));
  if (print_) fmt::print("{}\n", to_string(e));
  ++count_;
  if (e.minor || ring_.empty()) return;
  ring_[kept_++ % ring_.size()] = std::move(e);
}

std::string Trace::last() const {
  std::string out;
  const uint64_t first = kept_ - std::min<uint64_t>(kept_, ring_.size());
  for (uint64_t i = first; i < kept_; ++i) out += to_string(ring_[i % ring_.size()]) + "\n";
  return out;
}

}  // namespace guccho::sim

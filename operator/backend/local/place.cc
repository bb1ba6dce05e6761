// The text of a place's file, and the life of a place from its facts.
#include "operator/backend/local/place.h"

#include <fmt/format.h>

#include "node/supervise/lines.h"

namespace guccho::ops::local {

using supervise::Presence;
using supervise::put_line;
using supervise::Record;

namespace {
constexpr std::string_view kHead = "guccho-place 1";
}  // namespace

std::string to_text(const Place& place) {
  std::string out(kHead);
  out.push_back('\n');
  put_line(out, "host", place.host);
  put_line(out, "port", std::to_string(place.port));
  put_line(out, "bus-port", std::to_string(place.bus_port));
  put_line(out, "router-port", std::to_string(place.router_port));
  put_line(out, "first-port", std::to_string(place.first_port));
  put_line(out, "first-router-port", std::to_string(place.first_router_port));
  put_line(out, "removed", place.removed ? "yes" : "no");
  return out;
}

Result<Place> parse_place(std::string_view text) {
  Place out;
  const auto take = [&](std::string_view name, std::string_view value) {
    if (name == "host") return out.host = value, true;
    if (name == "port") return supervise::read_number(value, out.port);
    if (name == "bus-port") return supervise::read_number(value, out.bus_port);
    if (name == "router-port") return supervise::read_number(value, out.router_port);
    if (name == "first-port") return supervise::read_number(value, out.first_port);
    if (name == "first-router-port") return supervise::read_number(value, out.first_router_port);
    out.removed = value == "yes";
    return name == "removed" && (value == "yes" || value == "no");
  };
  if (auto read = supervise::each_line(text, kHead, "place", take); !read) return std::unexpected(read.error());
  return out;
}

bool is_down(const PlaceFacts& facts) {
  return facts.supervisor == Presence::kGone && facts.process == Presence::kGone;
}

Incarnation incarnation_of(const PlaceFacts& facts) {
  if (!facts.record) return {};
  if (facts.record->process) return {facts.record->process->str()};
  if (facts.record->last_exit) return {facts.record->last_exit->process.str()};
  return {};
}

Life life_of(const PlaceFacts& facts) {
  const bool ending = facts.place.removed || (facts.desired && facts.desired->goal == supervise::Desired::Goal::kStop);
  if (facts.process == Presence::kUnknown) return UnknownLife{facts.record->since};
  if (facts.process == Presence::kRunning) {
    if (ending || facts.record->state == Record::State::kStopping) return Terminating{};
    return Running{};
  }
  if (!facts.record || (!facts.record->process && !facts.record->last_exit)) return Pending{"being started"};
  // Seen dead before its supervisor recorded how it ended.
  if (facts.record->process) return Gone{Evidence::kProcessReaped, "ended just now"};
  std::string detail = facts.record->last_exit->how;
  if (!facts.last_words.empty()) detail += fmt::format(" ('{}')", facts.last_words);
  if (facts.record->failures > 1) detail += fmt::format(", {} times in a row", facts.record->failures);
  return Gone{Evidence::kProcessReaped, std::move(detail)};
}

}  // namespace guccho::ops::local

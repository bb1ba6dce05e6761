// Grouping and trimming.
#include "node/acl/log.h"

#include <algorithm>

namespace guccho::acl {
namespace {

constexpr Millis kGrouped{60'000};
constexpr size_t kLookedAt = 10;

bool same_event(const LogEntry& a, const LogEntry& b, UnixMillis now) {
  return a.reason == b.reason && a.context == b.context && a.object == b.object && a.user == b.user &&
         now - a.updated <= kGrouped;
}

}  // namespace

void Log::note(LogEntry entry, UnixMillis now, size_t limit) {
  entry.created = entry.updated = now;
  const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(std::min(entries_.size(), kLookedAt));
  const auto same =
      limit == 0 ? end
                 : std::find_if(entries_.begin(), end, [&](const LogEntry& e) { return same_event(e, entry, now); });
  if (same != end) {
    entry.id = same->id;
    entry.count = same->count + 1;
    entry.created = same->created;
    entries_.erase(same);
  } else if (limit != 0) {
    entry.id = next_id_++;
  }
  if (limit != 0) entries_.push_front(std::move(entry));
  while (entries_.size() > limit) entries_.pop_back();
}

std::vector<LogEntry> Log::newest(size_t count) const {
  return {entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(std::min(count, entries_.size()))};
}

std::string_view name_of(Denial reason) {
  switch (reason) {
    case Denial::kCommand:
      return "command";
    case Denial::kKey:
      return "key";
    case Denial::kChannel:
      return "channel";
    case Denial::kAuth:
      return "auth";
    case Denial::kNone:
      break;
  }
  return "unknown";
}

std::string_view name_of(LogContext context) {
  switch (context) {
    case LogContext::kTopLevel:
      return "toplevel";
    case LogContext::kMulti:
      return "multi";
    case LogContext::kLua:
      return "lua";
  }
  return "unknown";
}

}  // namespace guccho::acl

// Steps in words.
#include "operator/plan/step.h"

#include <fmt/format.h>

namespace guccho::ops {
namespace {

std::string short_id(const NodeId& id) {
  return std::string(id.view().substr(0, 8));
}
std::string words(const NodeAt& at) {
  return fmt::format("{} ({})", at.place.str(), short_id(at.node));
}

std::string words(const std::vector<SlotRange>& ranges) {
  std::string text;
  for (const SlotRange& range : ranges) {
    if (!text.empty()) text += ' ';
    text += range.first == range.last ? fmt::format("{}", range.first.value)
                                      : fmt::format("{}-{}", range.first.value, range.last.value);
  }
  return text;
}

std::string_view how(FailoverMode mode) {
  switch (mode) {
    case FailoverMode::kGraceful:
      return "take the primary's role in agreement with it";
    case FailoverMode::kForce:
      return "be elected without its primary";
    case FailoverMode::kTakeover:
      return "take over without votes";
  }
  return "?";
}

struct Describe {
  std::string operator()(const EnsureShard& s) const {
    return fmt::format("have {} instances in shard {} (revision {})", s.size, s.shard, s.revision);
  }
  std::string operator()(const RemoveHighest& s) const { return fmt::format("remove instance {}", s.place.str()); }
  std::string operator()(const ReleaseStorage& s) const {
    return fmt::format("release storage {}: {}", s.storage, s.evidence);
  }
  std::string operator()(const Meet& s) const { return fmt::format("introduce {} to {}", words(s.peer), words(s.at)); }
  std::string operator()(const AssignSlots& s) const {
    return fmt::format("assign slots {} to {}", words(s.slots), words(s.at));
  }
  std::string operator()(const Replicate& s) const {
    return fmt::format("make {} a replica of {}", words(s.at), words(s.primary));
  }
  std::string operator()(const Failover& s) const {
    std::string text = fmt::format("let {} {}", words(s.at), how(s.mode));
    if (s.proof) text += fmt::format(", since {} is dead ({})", short_id(s.proof->node), to_string(s.proof->evidence));
    return text;
  }
  std::string operator()(const Forget& s) const {
    std::string text = fmt::format("forget {} at {}", short_id(s.node), words(s.at));
    if (s.proof) text += fmt::format(", since its data is gone ({})", to_string(s.proof->evidence));
    return text;
  }
};

struct Name {
  std::string_view operator()(const EnsureShard&) const { return "EnsureShard"; }
  std::string_view operator()(const RemoveHighest&) const { return "RemoveHighest"; }
  std::string_view operator()(const ReleaseStorage&) const { return "ReleaseStorage"; }
  std::string_view operator()(const Meet&) const { return "Meet"; }
  std::string_view operator()(const AssignSlots&) const { return "AssignSlots"; }
  std::string_view operator()(const Replicate&) const { return "Replicate"; }
  std::string_view operator()(const Failover&) const { return "Failover"; }
  std::string_view operator()(const Forget&) const { return "Forget"; }
};

}  // namespace

std::string describe(const Step& step) {
  return std::visit(Describe{}, step);
}
std::string_view name_of(const Step& step) {
  return std::visit(Name{}, step);
}

bool irreversible(const Step& step) {
  if (const auto* failover = std::get_if<Failover>(&step)) return failover->mode == FailoverMode::kTakeover;
  return std::holds_alternative<RemoveHighest>(step) || std::holds_alternative<ReleaseStorage>(step) ||
         std::holds_alternative<Forget>(step) || std::holds_alternative<AssignSlots>(step);
}

}  // namespace guccho::ops

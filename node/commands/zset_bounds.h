// The bounds of ranges in sorted sets, as arguments give them: scores ("1.5", "(2", "-inf") and members ("[a", "(b",
// "-", "+"); and the ranks that lie between them.
#pragma once

#include <optional>
#include <string_view>

#include "node/commands/context.h"
#include "node/store/zset_value.h"

namespace guccho::commands {

struct ScoreBound {
  double score = 0;
  bool exclusive = false;
};

struct LexBound {
  enum class Kind : uint8_t { kLeast, kMember, kGreatest };
  Kind kind = Kind::kMember;
  bool exclusive = false;
  std::string_view member;
};

// Members by rank: [first, last), empty when last is not greater.
struct RankRange {
  size_t first = 0;
  size_t last = 0;
  size_t count() const { return last > first ? last - first : 0; }
};

// A range in one of the three ways to give it.
struct ZsetRange {
  enum class By : uint8_t { kRank, kScore, kLex };
  By by = By::kRank;
  int64_t start = 0;  // kRank; negative: from the end
  int64_t stop = 0;
  ScoreBound min_score, max_score;
  LexBound min_member, max_member;

  // Ranks in a set; `reverse`: start and stop count from the other end.
  RankRange ranks(const store::ZsetView& zset, bool reverse = false) const;
};

// Reads both ends; nothing after an error reply.
std::optional<ZsetRange> read_range(Context& c, ZsetRange::By by, std::string_view min, std::string_view max);

}  // namespace guccho::commands

// LCS: the longest common subsequence of two strings.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "node/commands/context.h"
#include "node/commands/handlers.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/store/keyspace.h"
#include "node/store/string_value.h"

namespace guccho::commands {
namespace {

struct LcsOptions {
  bool only_length = false;
  bool ranges = false;  // IDX
  bool match_lengths = false;
  int64_t min_match = 0;
};

// False after an error reply.
bool parse_options(Context& c, LcsOptions& o) {
  for (size_t i = 3; i < c.argc(); ++i) {
    if (equals_ignore_case("idx", c.arg(i))) {
      o.ranges = true;
    } else if (equals_ignore_case("len", c.arg(i))) {
      o.only_length = true;
    } else if (equals_ignore_case("withmatchlen", c.arg(i))) {
      o.match_lengths = true;
    } else if (equals_ignore_case("minmatchlen", c.arg(i)) && i + 1 < c.argc()) {
      const auto length = parse_integer(c.arg(++i));
      if (!length) {
        c.not_an_integer();
        return false;
      }
      o.min_match = std::max<int64_t>(*length, 0);
    } else {
      c.syntax_error();
      return false;
    }
  }
  if (o.ranges && o.only_length) {
    c.reply.error("ERR If you want both the length and indexes, please just use IDX.");
    return false;
  }
  return true;
}

// length(i, j): of the longest common subsequence of the first i and the first j bytes. Time and memory O(|a| |b|).
class LengthTable {
 public:
  LengthTable(std::string_view a, std::string_view b) : columns_(b.size() + 1), cells_((a.size() + 1) * columns_) {
    for (size_t i = 1; i <= a.size(); ++i) {
      for (size_t j = 1; j <= b.size(); ++j) {
        cells_[i * columns_ + j] =
            a[i - 1] == b[j - 1] ? length(i - 1, j - 1) + 1 : std::max(length(i - 1, j), length(i, j - 1));
      }
    }
  }
  uint32_t length(size_t i, size_t j) const { return cells_[i * columns_ + j]; }

 private:
  size_t columns_;
  std::vector<uint32_t> cells_;
};

// A run that both strings share: a[a_first .. a_first + size) == b[b_first .. b_first + size).
struct Match {
  size_t a_first;
  size_t b_first;
  size_t size;
};

// The runs of one longest common subsequence, from the ends of the strings to their beginnings.
std::vector<Match> trace_back(const LengthTable& table, std::string_view a, std::string_view b) {
  std::vector<Match> matches;
  size_t i = a.size();
  size_t j = b.size();
  bool running = false;
  while (i > 0 && j > 0) {
    if (a[i - 1] == b[j - 1]) {
      --i;
      --j;
      if (running) {
        matches.back() = {i, j, matches.back().size + 1};
      } else {
        matches.push_back({i, j, 1});
      }
      running = true;
      continue;
    }
    running = false;
    table.length(i - 1, j) > table.length(i, j - 1) ? --i : --j;
  }
  return matches;
}

void reply_match(resp::ReplyWriter& reply, const Match& m, bool with_length) {
  reply.array(with_length ? 3 : 2);
  for (const size_t first : {m.a_first, m.b_first}) {
    reply.array(2);
    reply.integer(static_cast<int64_t>(first));
    reply.integer(static_cast<int64_t>(first + m.size - 1));
  }
  if (with_length) reply.integer(static_cast<int64_t>(m.size));
}

void reply_ranges(Context& c, const LcsOptions& o, const std::vector<Match>& matches, uint32_t length) {
  c.reply.map(2);
  c.reply.bulk("matches");
  const size_t mark = c.reply.begin_deferred();
  size_t count = 0;
  for (const Match& m : matches) {
    if (m.size < static_cast<size_t>(o.min_match)) continue;
    reply_match(c.reply, m, o.match_lengths);
    ++count;
  }
  c.reply.end_array(mark, count);
  c.reply.bulk("len");
  c.reply.integer(length);
}

// The string at a key, empty when there is none; nothing for another type.
std::optional<std::string> read_string(Context& c, size_t argument) {
  const store::Entry* entry = c.find_for_read(c.key(argument));
  if (entry == nullptr) return std::string();
  if (entry->type() != store::Type::kString) return std::nullopt;
  store::IntText scratch;
  return std::string(store::string_bytes(*entry, scratch));
}

}  // namespace

void handlers::lcs(Context& c) {
  const std::optional<std::string> a = read_string(c, 1);
  const std::optional<std::string> b = read_string(c, 2);
  if (!a || !b) return c.reply.error("ERR The specified keys must contain string values");
  LcsOptions o;
  if (!parse_options(c, o)) return;
  constexpr uint64_t kMaxSize = std::numeric_limits<uint32_t>::max() - 1;
  if (a->size() >= kMaxSize || b->size() >= kMaxSize) return c.reply.error("ERR String too long for LCS");
  // The table's size, in a type that two 32-bit factors cannot overflow.
  if ((a->size() + 1) * (b->size() + 1) > c.config.proto_max_bulk_len / sizeof(uint32_t)) {
    return c.reply.error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
  }
  const LengthTable table(*a, *b);
  const uint32_t length = table.length(a->size(), b->size());
  if (o.only_length) return c.reply.integer(length);
  const std::vector<Match> matches = trace_back(table, *a, *b);
  if (o.ranges) return reply_ranges(c, o, matches, length);
  std::string text;
  for (auto m = matches.rbegin(); m != matches.rend(); ++m) text += a->substr(m->a_first, m->size);
  c.reply.bulk(text);
}

}  // namespace guccho::commands

// Finding the keys of a command in its arguments by the key specifications of its record.
#include "node/commands/command.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"

namespace guccho::commands {
namespace {

using Args = std::span<const std::string_view>;

// What a search can answer besides a position.
constexpr size_t kNotThere = SIZE_MAX;

size_t begin_of(const KeySpec& spec, Args args) {
  if (spec.begin == KeySpec::Begin::kIndex) return static_cast<size_t>(spec.index);
  // A keyword: searched from `index` on, or backwards from that place before the end; the keys follow it.
  const auto size = static_cast<int64_t>(args.size());
  const int64_t start = spec.index > 0 ? spec.index : size + spec.index;
  const int64_t step = spec.index > 0 ? 1 : -1;
  for (int64_t i = start; i > 0 && i < size; i += step) {
    if (same_word(spec.keyword, args[static_cast<size_t>(i)])) return static_cast<size_t>(i + 1);
  }
  return kNotThere;
}

bool collect_range(const KeySpec& spec, size_t first, Args args, std::vector<KeyPosition>& out) {
  const auto size = static_cast<int64_t>(args.size());
  int64_t last = static_cast<int64_t>(first) + spec.last;
  if (spec.last < 0) {
    last = spec.last == -1 && spec.limit > 1
               ? static_cast<int64_t>(first) + (size - static_cast<int64_t>(first)) / spec.limit - 1
               : size + spec.last;
  }
  if (last >= size) return false;
  // "All the rest" may be none: PFMERGE with its destination only.
  for (auto i = static_cast<int64_t>(first); i <= last; i += spec.step) {
    out.push_back({static_cast<uint32_t>(i), spec.flags});
  }
  return true;
}

// A count of keys as Redis reads it for this: digits up to what is none, cut to 32 bits. The handlers are strict.
int32_t loose_count(std::string_view text) {
  while (!text.empty() && (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r'))) text.remove_prefix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int64_t count = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') break;
    if (__builtin_mul_overflow(count, 10, &count) || __builtin_add_overflow(count, digit - '0', &count)) {
      return negative ? 0 : -1;  // the largest number, and the smallest, cut
    }
  }
  return static_cast<int32_t>(negative ? -count : count);
}

bool collect_counted(const KeySpec& spec, size_t begin, Args args, std::vector<KeyPosition>& out) {
  const size_t count_at = begin + static_cast<size_t>(spec.keynum_index);
  if (count_at >= args.size()) return false;
  const int32_t count = loose_count(args[count_at]);
  const size_t first = begin + static_cast<size_t>(spec.first_key);
  if (count < 0 || first > args.size()) return false;
  const auto step = static_cast<size_t>(spec.step);
  // Without input the command is a syntax error, and Redis then routes it by no key, not even by where it would store.
  if (count == 0) out.clear();
  if (static_cast<size_t>(count) > (args.size() - first + step - 1) / step) return false;
  for (size_t k = 0; k < static_cast<size_t>(count); ++k) {
    out.push_back({static_cast<uint32_t>(first + k * step), spec.flags});
  }
  return true;
}

// What STORE and its like name, options that may come several times: the last one counts, and one without a value is a
// syntax error of the handler's. SORT has more words that take values, which may look like STORE.
void collect_stored(const KeySpec& spec, Args args, std::vector<KeyPosition>& out) {
  constexpr size_t kFirstOption = 5;  // of GEORADIUSBYMEMBER, where Redis begins to look for GEORADIUS, too
  for (size_t i = args.size(); i-- > kFirstOption;) {
    if (i + 1 < args.size() && same_word(spec.keyword, args[i])) {
      return out.push_back({static_cast<uint32_t>(i + 1), spec.flags});
    }
  }
}

void collect_sort_store(const KeySpec& spec, Args args, std::vector<KeyPosition>& out) {
  size_t stored = 0;
  for (size_t i = 2; i + 1 < args.size(); ++i) {
    if (equals_ignore_case("limit", args[i])) {
      i += 2;
    } else if (equals_ignore_case("get", args[i]) || equals_ignore_case("by", args[i])) {
      i += 1;
    } else if (equals_ignore_case("store", args[i])) {
      stored = ++i;
    }
  }
  if (stored > 0) out.push_back({static_cast<uint32_t>(stored), spec.flags});
}

// SET reads the old value only with GET and IFEQ, BITFIELD changes something only with SET or INCRBY.
uint16_t actual_flags(const CommandSpec& spec, Args args) {
  if (spec.name == "set") {
    for (size_t i = 3; i < args.size(); ++i) {
      if (equals_ignore_case("get", args[i]) || equals_ignore_case("ifeq", args[i])) {
        return kKeyRW | kKeyAccess | kKeyUpdate;
      }
    }
    return kKeyOW | kKeyUpdate;
  }
  for (size_t i = 2; i + 2 < args.size(); ++i) {
    if (equals_ignore_case("get", args[i])) {
      i += 2;
    } else if (equals_ignore_case("overflow", args[i])) {
      i += 1;
    } else {
      return kKeyRW | kKeyAccess | kKeyUpdate;
    }
  }
  return kKeyRO | kKeyAccess;
}

// MIGRATE has one key, or an empty word in its place and any number of keys after all options.
bool collect_migrated(const CommandSpec& spec, Args args, std::vector<KeyPosition>& out) {
  constexpr size_t kKey = 3;
  const uint16_t flags = spec.keys.front().flags;
  for (size_t i = kKey + 3; i < args.size(); ++i) {
    if (equals_ignore_case("keys", args[i])) {
      if (!args[kKey].empty()) return false;
      while (++i < args.size()) out.push_back({static_cast<uint32_t>(i), flags});
      return true;
    }
    i += equals_ignore_case("auth2", args[i]) ? 2 : equals_ignore_case("auth", args[i]) ? 1 : 0;
  }
  if (args.size() <= kKey) return false;
  out.push_back({kKey, flags});
  return true;
}

}  // namespace

bool find_keys(const CommandSpec& spec, std::span<const std::string_view> args, std::vector<KeyPosition>& out) {
  out.clear();
  if (spec.keys.size() == 2 && (spec.keys.back().flags & kKeyIncomplete) != 0 && spec.name == "migrate") {
    return collect_migrated(spec, args, out);
  }
  for (const KeySpec& key : spec.keys) {
    if (key.begin == KeySpec::Begin::kKeyword && (key.flags & kKeyOW) != 0) {
      collect_stored(key, args, out);
      continue;
    }
    if (key.begin == KeySpec::Begin::kUnknown) {
      // SORT's alone: names that its BY and GET make are in the same slot (sort.cc), its STORE can be found.
      if ((key.flags & kKeyOW) != 0) collect_sort_store(key, args, out);
      continue;
    }
    const size_t begin = begin_of(key, args);
    const bool optional = key.begin == KeySpec::Begin::kKeyword;
    if (begin == kNotThere) {
      if (optional) continue;
      return false;
    }
    const bool fits = key.find == KeySpec::Find::kRange    ? collect_range(key, begin, args, out)
                      : key.find == KeySpec::Find::kKeynum ? collect_counted(key, begin, args, out)
                                                           : false;
    if (!fits) return false;
    if (key.find == KeySpec::Find::kKeynum && out.empty() && !spec.has(kNoMandatoryKeys)) return false;
    if ((key.flags & kKeyVariableFlags) != 0) {
      for (KeyPosition& position : out) position.flags = actual_flags(spec, args);
    }
  }
  return true;
}

}  // namespace guccho::commands

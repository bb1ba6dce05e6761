// SORT and SORT_RO: the elements of a list, set or sorted set by their own value or by that of other keys, replied or
// stored as a list.
//
// BY and GET make names of further keys out of a pattern and each element. Redis 7.2 refuses them in cluster mode,
// later versions take those whose names all have the hash tag of the sorted key: so do we.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "node/commands/handlers.h"
#include "node/commands/hash_fields.h"
#include "node/commands/list_ends.h"
#include "node/commands/numbers.h"
#include "node/commands/ranges.h"
#include "node/commands/text.h"
#include "node/store/hash_value.h"
#include "node/store/list_value.h"
#include "node/store/set_value.h"
#include "node/store/string_value.h"
#include "node/store/zset_value.h"

namespace guccho::commands {
namespace {

using store::Entry;
using store::KeyRef;

struct SortOptions {
  bool descending = false;
  bool alpha = false;
  bool sorted = true;  // not with a BY without '*'
  int64_t limit_start = 0;
  int64_t limit_count = -1;
  std::optional<std::string_view> by;  // a pattern with '*'
  std::vector<std::string_view> get;
  std::optional<std::string_view> store;
};

struct Item {
  std::string_view text;
  double score = 0;
  std::optional<std::string> weight;  // ALPHA: what is compared, where it is not the text
};

// Whether every name that the pattern can make is in the slot: its hash tag ends before anything is put in.
bool stays_in_slot(std::string_view pattern, Slot slot) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return key_slot(pattern) == slot;
  const size_t open = pattern.find('{');
  const size_t close = open == std::string_view::npos ? open : pattern.find('}', open);
  if (close == std::string_view::npos || close == open + 1 || close > star) return false;
  return key_slot(pattern) == slot;
}

// The options; nothing after an error reply.
std::optional<SortOptions> parse_options(Context& c, bool may_store) {
  SortOptions options;
  for (size_t i = 2; i < c.argc(); ++i) {
    const size_t left = c.argc() - i - 1;
    const auto is = [&](std::string_view word, size_t values) {
      return left >= values && equals_ignore_case(word, c.arg(i));
    };
    if (is("asc", 0)) {
      options.descending = false;
    } else if (is("desc", 0)) {
      options.descending = true;
    } else if (is("alpha", 0)) {
      options.alpha = true;
    } else if (is("limit", 2)) {
      const auto start = parse_integer(c.arg(i + 1));
      const auto count = start ? parse_integer(c.arg(i + 2)) : std::nullopt;
      if (!count) {
        c.not_an_integer();
        return std::nullopt;
      }
      options.limit_start = *start;
      options.limit_count = *count;
      i += 2;
    } else if (may_store && is("store", 1)) {
      options.store = c.arg(++i);
    } else if (is("by", 1)) {
      const std::string_view pattern = c.arg(++i);
      options.by.reset();
      if (pattern.find('*') == std::string_view::npos) {
        options.sorted = false;
      } else if (!stays_in_slot(pattern, c.slot)) {
        c.reply.error("ERR BY option of SORT denied in Cluster mode.");
        return std::nullopt;
      } else {
        options.by = pattern;
      }
    } else if (is("get", 1)) {
      const std::string_view pattern = c.arg(++i);
      if (pattern != "#" && !stays_in_slot(pattern, c.slot)) {
        c.reply.error("ERR GET option of SORT denied in Cluster mode.");
        return std::nullopt;
      }
      options.get.push_back(pattern);
    } else {
      c.syntax_error();
      return std::nullopt;
    }
  }
  return options;
}

// One SORT under way.
class Sorter {
 public:
  Sorter(Context& c, const SortOptions& options) : c_(c), options_(options) {}

  void load(const Entry* entry);
  // False when an element is no number.
  bool sort();
  void reply();
  void store(const KeyRef& key);

 private:
  bool look_up(std::string_view pattern, std::string_view element, std::string& out);
  bool weigh(Item& item);
  int compare_weights(const Item& a, const Item& b) const;
  IndexRange limited(size_t size) const;
  std::span<const Item> output() const;

  Context& c_;
  const SortOptions& options_;
  std::vector<Item> items_;
  bool is_limited_ = false;  // the items are what LIMIT leaves
  std::deque<store::IntText> integers_;
};

// Elements that lie in the value are viewed there, integers are printed. Of a list that stays in its order only what
// LIMIT leaves is read.
void Sorter::load(const Entry* entry) {
  if (entry == nullptr) return;
  if (entry->type() == store::Type::kList) {
    const store::ListView list(*entry);
    const bool backwards = !options_.sorted && options_.descending;
    IndexRange range{0, list.size()};
    if (!options_.sorted) {
      range = limited(list.size());
      is_limited_ = true;
    }
    items_.reserve(range.count);
    store::ListCursor at;
    if (range.count > 0) at = list.at(backwards ? list.size() - 1 - range.first : range.first);
    for (size_t i = 0; i < range.count; ++i, backwards ? at.previous() : at.next()) {
      const store::ListpackElement element = at.element();
      items_.push_back({.text = element.integer ? element.text(integers_.emplace_back()) : element.bytes});
    }
  } else if (entry->type() == store::Type::kZset) {
    const store::ZsetView zset(entry);
    const bool backwards = !options_.sorted && options_.descending;
    IndexRange range{0, zset.size()};
    if (!options_.sorted) {
      range = limited(zset.size());
      is_limited_ = true;
    }
    items_.reserve(range.count);
    if (range.count == 0) return;
    store::ZsetCursor at = zset.at(backwards ? zset.size() - 1 - range.first : range.first);
    for (size_t i = 0; i < range.count; ++i, backwards ? at.previous() : at.next()) {
      std::string_view member = at.member();
      // Printed integers last as long as the cursor stays.
      if (at.printed()) member = store::print_integer(*parse_integer(member), integers_.emplace_back());
      items_.push_back({.text = member});
    }
  } else {
    const store::SetView set(entry);
    items_.reserve(set.size());
    set.for_each([&](std::string_view member) {
      const auto integer = set.is_table() ? std::nullopt : parse_integer(member);
      items_.push_back({.text = integer ? store::print_integer(*integer, integers_.emplace_back()) : member});
    });
  }
}

// The value that a pattern means for an element: a string, or a field of a hash behind "->"; false when there is none.
bool Sorter::look_up(std::string_view pattern, std::string_view element, std::string& out) {
  if (pattern == "#") {
    out = element;
    return true;
  }
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return false;
  std::string_view behind = pattern.substr(star + 1);
  std::optional<std::string_view> field;
  const size_t arrow = behind.find("->");
  if (arrow != std::string_view::npos && arrow + 2 < behind.size()) {
    field = behind.substr(arrow + 2);
    behind = behind.substr(0, arrow);
  }
  std::string name(pattern.substr(0, star));
  name += element;
  name += behind;
  const KeyRef key(c_.slot, name);
  Entry* entry = c_.find_for_read(key);
  if (entry == nullptr) return false;
  store::IntText scratch;
  if (field) {
    if (entry->type() != store::Type::kHash) return false;
    const auto value = open_hash(c_, key, entry).get(*field, scratch);
    if (value) out = *value;
    return value.has_value();
  }
  if (entry->type() != store::Type::kString) return false;
  out = store::string_bytes(*entry, scratch);
  return true;
}

// As strtod reads the text up to its first zero byte; what is empty is 0.
std::optional<double> parse_score(const std::string& text) {
  if (const auto integer = parse_integer(text)) return static_cast<double>(*integer);
  char* end = nullptr;
  errno = 0;
  const double score = std::strtod(text.c_str(), &end);
  if (*end != '\0' || errno == ERANGE || std::isnan(score)) return std::nullopt;
  return score;
}

// Gives the item what it is compared by; false when that should be a number and is none.
bool Sorter::weigh(Item& item) {
  std::string weight;
  if (options_.by) {
    if (!look_up(*options_.by, item.text, weight)) return true;
  } else {
    weight = item.text;
  }
  if (options_.alpha) {
    item.weight = std::move(weight);
    return true;
  }
  const auto score = parse_score(weight);
  if (score) item.score = *score;
  return score.has_value();
}

// A stored result must not depend on this machine's locale.
int Sorter::compare_weights(const Item& a, const Item& b) const {
  if (!options_.alpha) {
    if (a.score != b.score) return a.score > b.score ? 1 : -1;
    return a.text.compare(b.text);
  }
  if (!a.weight || !b.weight) return a.weight.has_value() - b.weight.has_value();
  return options_.store ? a.weight->compare(*b.weight) : std::strcoll(a.weight->c_str(), b.weight->c_str());
}

bool Sorter::sort() {
  if (!options_.sorted) return true;
  bool numbers = true;
  for (Item& item : items_) numbers = weigh(item) && numbers;
  if (!numbers) return false;
  std::ranges::stable_sort(items_, [this](const Item& a, const Item& b) {
    const int order = compare_weights(a, b);
    return options_.descending ? order > 0 : order < 0;
  });
  return true;
}

// What LIMIT leaves of so many.
IndexRange Sorter::limited(size_t size) const {
  const auto length = static_cast<int64_t>(size);
  const int64_t start = std::clamp<int64_t>(options_.limit_start, 0, length);
  const int64_t count = options_.limit_count < 0 ? length : options_.limit_count;
  return {static_cast<size_t>(start), static_cast<size_t>(std::min(count, length - start))};
}

std::span<const Item> Sorter::output() const {
  if (is_limited_) return items_;
  const IndexRange range = limited(items_.size());
  return std::span(items_).subspan(range.first, range.count);
}

void Sorter::reply() {
  const auto items = output();
  if (options_.get.empty()) {
    c_.reply.array(items.size());
    for (const Item& item : items) c_.reply.bulk(item.text);
    return;
  }
  c_.reply.array(items.size() * options_.get.size());
  std::string value;
  for (const Item& item : items) {
    for (const std::string_view pattern : options_.get) {
      look_up(pattern, item.text, value) ? c_.reply.bulk(value) : c_.reply.null();
    }
  }
}

// Copied first: the key may be what was sorted.
void Sorter::store(const KeyRef& key) {
  std::vector<std::string> texts;
  for (const Item& item : output()) {
    if (options_.get.empty()) texts.emplace_back(item.text);
    for (const std::string_view pattern : options_.get) {
      if (!look_up(pattern, item.text, texts.emplace_back())) texts.back().clear();
    }
  }
  const bool replaces = c_.find_for_write(key) != nullptr;
  c_.data.erase(key);
  if (!texts.empty()) {
    store::ListLoader list(c_.data, key);
    for (const std::string& text : texts) list.add(text);
    list.finish();
    if (!replaces) c_.created(key.bytes);
    c_.changed(key.bytes, config::kNotifyList, "sortstore");
  } else if (replaces) {
    c_.changed(key.bytes, config::kNotifyGeneric, "del");
  }
  c_.reply.integer(static_cast<int64_t>(texts.size()));
}

// The one place that knows which types can be sorted.
bool can_be_sorted(const Entry& entry) {
  return entry.type() == store::Type::kList || entry.type() == store::Type::kSet ||
         entry.type() == store::Type::kZset;
}

void sort(Context& c, bool may_store) {
  auto options = parse_options(c, may_store);
  if (!options) return;
  const Entry* entry = c.find_for_read(c.key(1));
  if (entry != nullptr && !can_be_sorted(*entry)) return c.wrong_type();
  // A set has no order of its own: what is stored must be the same everywhere.
  if (entry != nullptr && entry->type() == store::Type::kSet && !options->sorted && options->store) {
    options->sorted = true;
    options->alpha = true;
  }
  Sorter sorter(c, *options);
  sorter.load(entry);
  if (!sorter.sort()) return c.reply.error("ERR One or more scores can't be converted into double");
  options->store ? sorter.store(KeyRef(c.slot, *options->store)) : sorter.reply();
}

}  // namespace

void handlers::sort(Context& c) {
  commands::sort(c, true);
}
void handlers::sort_ro(Context& c) {
  commands::sort(c, false);
}

}  // namespace guccho::commands

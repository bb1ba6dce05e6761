// Unions, intersections and differences of sorted sets: replied, counted or stored.
#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "node/commands/handlers.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/commands/zset_support.h"
#include "node/store/keyspace.h"
#include "node/store/set_value.h"

namespace guccho::commands {
namespace {

using store::Entry;
using store::KeyRef;
using store::ScoredMember;

enum class Operation : uint8_t { kUnion, kIntersection, kDifference };
enum class Aggregate : uint8_t { kSum, kMin, kMax };

// One of the keys that are combined: a sorted set, or a set, whose members have the score 1. A missing key is empty.
class Input {
 public:
  Input(const Entry* entry, std::deque<std::string>& texts)
      : zset_(is_set(entry) ? nullptr : entry), set_(is_set(entry) ? entry : nullptr), texts_(&texts) {}

  // Whether a value of this type can be combined with others.
  static bool takes(store::Type type) { return type == store::Type::kZset || type == store::Type::kSet; }

  // The other one of the two is empty.
  size_t size() const { return zset_.size() + set_.size(); }
  std::optional<double> score(std::string_view member) const {
    if (set_.contains(member)) return 1;
    return zset_.score(member);
  }
  // Until `visit` answers false. The members last as long as the command: what is printed is kept in `texts`.
  void for_each(const std::function<bool(std::string_view member, double score)>& visit) const {
    for (store::ZsetCursor at = zset_.at(0); at.valid(); at.next()) {
      const std::string_view member = at.printed() ? texts_->emplace_back(at.member()) : at.member();
      if (!visit(member, at.score())) return;
    }
    set_.for_each_while([&](std::string_view member) {
      return visit(set_.is_table() ? member : std::string_view(texts_->emplace_back(member)), 1);
    });
  }

  double weight = 1;

 private:
  static bool is_set(const Entry* entry) { return entry != nullptr && entry->type() == store::Type::kSet; }

  store::ZsetView zset_;
  store::SetView set_;
  std::deque<std::string>* texts_;
};

struct CombineRequest {
  Operation operation = Operation::kUnion;
  size_t count_at = 1;  // the argument with the number of keys
  bool store = false;   // into the key of argument 1
  bool count_only = false;
  std::vector<Input> inputs;
  std::deque<std::string> texts;
  Aggregate aggregate = Aggregate::kSum;
  bool with_scores = false;
  size_t limit = 0;  // of what is counted; 0: none
};

// Where both infinities meet the sum is zero.
double combined(double a, double b, Aggregate aggregate) {
  if (aggregate == Aggregate::kMin) return b < a ? b : a;
  if (aggregate == Aggregate::kMax) return b > a ? b : a;
  return std::isnan(a + b) ? 0 : a + b;
}

double weighted(const Input& input, double score) {
  const double product = input.weight * score;
  return std::isnan(product) ? 0 : product;
}

// ---- arguments ----

// The keys; false after an error reply.
bool read_inputs(Context& c, CombineRequest& request) {
  const auto count = parse_integer(c.arg(request.count_at));
  if (!count) {
    c.not_an_integer();
    return false;
  }
  if (*count < 1) {
    c.reply.error("ERR at least 1 input key is needed for '" + std::string(c.spec.full_name) + "' command");
    return false;
  }
  const size_t left = c.argc() - request.count_at - 1;
  if (static_cast<uint64_t>(*count) > left) {
    c.syntax_error();
    return false;
  }
  request.inputs.reserve(static_cast<size_t>(*count));
  for (size_t i = 0; i < static_cast<size_t>(*count); ++i) {
    const KeyRef key = c.key(request.count_at + 1 + i);
    const Entry* entry = c.find_for_read(key);
    if (entry != nullptr && !Input::takes(entry->type())) {
      c.wrong_type();
      return false;
    }
    request.inputs.emplace_back(entry, request.texts);
  }
  return true;
}

// WEIGHTS and its numbers from argument `i` on; false after an error reply.
bool read_weights(Context& c, CombineRequest& request, size_t i) {
  for (Input& input : request.inputs) {
    const auto weight = parse_double(c.arg(i++));
    if (!weight) {
      c.reply.error("ERR weight value is not a float");
      return false;
    }
    input.weight = *weight;
  }
  return true;
}

bool parse_aggregate(std::string_view word, Aggregate& aggregate) {
  if (equals_ignore_case("sum", word)) {
    aggregate = Aggregate::kSum;
  } else if (equals_ignore_case("min", word)) {
    aggregate = Aggregate::kMin;
  } else if (equals_ignore_case("max", word)) {
    aggregate = Aggregate::kMax;
  } else {
    return false;
  }
  return true;
}

// What follows the keys; false after an error reply.
bool parse_combine_options(Context& c, CombineRequest& request) {
  const size_t keys = request.inputs.size();
  const bool scored = request.operation != Operation::kDifference && !request.count_only;
  for (size_t i = request.count_at + 1 + keys; i < c.argc();) {
    const std::string_view option = c.arg(i);
    const size_t left = c.argc() - i;
    if (scored && left >= keys + 1 && equals_ignore_case("weights", option)) {
      if (!read_weights(c, request, i + 1)) return false;
      i += keys + 1;
    } else if (scored && left >= 2 && equals_ignore_case("aggregate", option)) {
      if (!parse_aggregate(c.arg(i + 1), request.aggregate)) {
        c.syntax_error();
        return false;
      }
      i += 2;
    } else if (!request.store && !request.count_only && equals_ignore_case("withscores", option)) {
      request.with_scores = true;
      ++i;
    } else if (request.count_only && left >= 2 && equals_ignore_case("limit", option)) {
      const auto limit = parse_integer(c.arg(i + 1));
      if (!limit || *limit < 0) {
        c.reply.error("ERR LIMIT can't be negative");
        return false;
      }
      request.limit = static_cast<size_t>(*limit);
      i += 2;
    } else {
      c.syntax_error();
      return false;
    }
  }
  return true;
}

// ---- results ----

using Found = std::vector<ScoredMember>;

void unite(const CombineRequest& request, Found& found) {
  std::unordered_map<std::string_view, double> scores;
  scores.reserve(request.inputs.back().size());
  for (const Input& input : request.inputs) {
    input.for_each([&](std::string_view member, double raw) {
      const double score = weighted(input, raw);
      const auto [at, is_new] = scores.try_emplace(member, score);
      if (!is_new) at->second = combined(at->second, score, request.aggregate);
      return true;
    });
  }
  found.reserve(scores.size());
  for (const auto& [member, score] : scores) found.push_back({score, member});
}

// Calls `visit` for each member that all inputs have, until it answers false; the inputs are in the order of size.
void intersect(const CombineRequest& request, const std::function<bool(std::string_view, double)>& visit) {
  const std::span<const Input> inputs = request.inputs;
  if (inputs[0].size() == 0) return;
  inputs[0].for_each([&](std::string_view member, double raw) {
    double score = weighted(inputs[0], raw);
    for (const Input& other : inputs.subspan(1)) {
      const auto others = other.score(member);
      if (!others) return true;
      score = combined(score, *others * other.weight, request.aggregate);
    }
    return visit(member, score);
  });
}

void subtract(const CombineRequest& request, Found& found) {
  const std::span<const Input> inputs = request.inputs;
  inputs[0].for_each([&](std::string_view member, double score) {
    const bool elsewhere =
        std::ranges::any_of(inputs.subspan(1), [&](const Input& other) { return other.score(member).has_value(); });
    if (!elsewhere) found.push_back({score, member});
    return true;
  });
}

int64_t count_common(const CombineRequest& request) {
  size_t count = 0;
  intersect(request, [&](std::string_view, double) { return ++count != request.limit; });
  return static_cast<int64_t>(count);
}

std::string_view stored_event(Operation operation) {
  switch (operation) {
    case Operation::kUnion:
      return "zunionstore";
    case Operation::kIntersection:
      return "zinterstore";
    case Operation::kDifference:
      break;
  }
  return "zdiffstore";
}

void combine(Context& c, CombineRequest&& request) {
  if (!read_inputs(c, request) || !parse_combine_options(c, request)) return;
  // The smallest first, also because sums of floating point depend on the order; a difference has an order of its own.
  if (request.operation != Operation::kDifference) {
    std::ranges::stable_sort(request.inputs, {}, &Input::size);
  }
  if (request.count_only) return c.reply.integer(count_common(request));
  Found found;
  switch (request.operation) {
    case Operation::kUnion:
      unite(request, found);
      break;
    case Operation::kIntersection:
      intersect(request, [&](std::string_view member, double score) {
        found.push_back({score, member});
        return true;
      });
      break;
    case Operation::kDifference:
      subtract(request, found);
  }
  std::ranges::sort(found, std::less());
  request.store ? store_members(c, c.key(1), found, stored_event(request.operation))
                : reply_members(c, found, request.with_scores);
}

}  // namespace

namespace handlers {

void zunion(Context& c) {
  combine(c, {.operation = Operation::kUnion});
}
void zinter(Context& c) {
  combine(c, {.operation = Operation::kIntersection});
}
void zdiff(Context& c) {
  combine(c, {.operation = Operation::kDifference});
}
void zintercard(Context& c) {
  combine(c, {.operation = Operation::kIntersection, .count_only = true});
}
void zunionstore(Context& c) {
  combine(c, {.operation = Operation::kUnion, .count_at = 2, .store = true});
}
void zinterstore(Context& c) {
  combine(c, {.operation = Operation::kIntersection, .count_at = 2, .store = true});
}
void zdiffstore(Context& c) {
  combine(c, {.operation = Operation::kDifference, .count_at = 2, .store = true});
}

}  // namespace handlers
}  // namespace guccho::commands

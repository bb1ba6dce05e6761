// Popping from the first of several lists that has something: LMPOP, and BLPOP, BRPOP, BLMPOP, which wait for one.
#include <algorithm>
#include <span>

#include "node/commands/handlers.h"
#include "node/commands/list_ends.h"
#include "node/commands/numbers.h"
#include "node/commands/ranges.h"
#include "node/commands/text.h"
#include "node/commands/times.h"

namespace guccho::commands::handlers {
namespace {

using store::Entry;
using store::KeyRef;
using store::ListEnd;
using store::ListView;

struct PopRequest {
  std::span<const std::string_view> keys;
  ListEnd end = ListEnd::kHead;
  std::optional<size_t> count;  // with one, the elements come in an array of their own
};

// True when a list was found and popped from, or an error answered. Replicated as an LPOP or RPOP of what was taken.
bool pop_first_found(Context& c, const PopRequest& request) {
  for (const std::string_view name : request.keys) {
    const KeyRef key(c.slot, name);
    Entry* entry = c.find_for_write(key);
    if (entry == nullptr) continue;
    if (!is_list_or_missing(c, entry)) return true;
    c.reply.array(2);
    c.reply.bulk(name);
    if (request.count) {
      const size_t taken = std::min(*request.count, ListView(*entry).size());
      c.reply.array(taken);
      take(c, key, entry, request.end, taken);
      store::IntText scratch;
      c.replicate_as(
          {names_of(request.end).pop_command, name, store::print_integer(static_cast<int64_t>(taken), scratch)});
    } else {
      take(c, key, entry, request.end, 1);
      c.replicate_as({names_of(request.end).pop_command, name});
    }
    return true;
  }
  return false;
}

void pop_or_wait(Context& c, const PopRequest& request, Millis timeout) {
  if (pop_first_found(c, request)) return;
  if (!c.may_block()) return c.reply.null_array();
  c.block({.keys = request.keys, .type = store::Type::kList, .timeout = timeout});
}

void pop_from_keys(Context& c, ListEnd end) {
  const auto timeout = read_block_timeout(c, c.arg(c.argc() - 1));
  if (timeout) pop_or_wait(c, {.keys = c.args.subspan(1, c.argc() - 2), .end = end, .count = {}}, *timeout);
}

// numkeys key [key ...] LEFT|RIGHT [COUNT count] from argument `first` on; nothing after an error reply.
std::optional<PopRequest> parse_request(Context& c, size_t first) {
  const auto number = read_at_least(c, c.arg(first), 1, "ERR numkeys should be greater than 0");
  if (!number) return std::nullopt;
  const auto keys = static_cast<size_t>(*number);
  if (keys >= c.argc() - first - 1) {
    c.syntax_error();
    return std::nullopt;
  }
  const size_t where = first + 1 + keys;
  const auto end = read_end(c, c.arg(where));
  if (!end) return std::nullopt;
  PopRequest request{.keys = c.args.subspan(first + 1, keys), .end = *end, .count = {}};
  for (size_t i = where + 1; i < c.argc(); i += 2) {
    if (request.count || i + 1 == c.argc() || !equals_ignore_case("count", c.arg(i))) {
      c.syntax_error();
      return std::nullopt;
    }
    const auto count = read_at_least(c, c.arg(i + 1), 1, "ERR count should be greater than 0");
    if (!count) return std::nullopt;
    request.count = static_cast<size_t>(*count);
  }
  if (!request.count) request.count = 1;
  return request;
}

}  // namespace

void lmpop(Context& c) {
  const auto request = parse_request(c, 1);
  if (request && !pop_first_found(c, *request)) c.reply.null_array();
}

void blmpop(Context& c) {
  const auto request = parse_request(c, 2);
  if (!request) return;
  const auto timeout = read_block_timeout(c, c.arg(1));
  if (timeout) pop_or_wait(c, *request, *timeout);
}

void blpop(Context& c) {
  pop_from_keys(c, ListEnd::kHead);
}
void brpop(Context& c) {
  pop_from_keys(c, ListEnd::kTail);
}

}  // namespace guccho::commands::handlers

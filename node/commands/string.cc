// Strings: reading and writing whole values and parts of them. Counters are in string_number.cc, LCS in lcs.cc.
#include <algorithm>
#include <vector>

#include "node/commands/handlers.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/commands/times.h"
#include "node/config/directives.h"
#include "node/store/keyspace.h"
#include "node/store/string_value.h"

namespace guccho::commands::handlers {
namespace {

using store::Entry;
using store::IntText;
using store::KeyRef;
using store::StringValue;
using store::Ttl;

bool is_string(const Entry* e) {
  return e->type() == store::Type::kString;
}

std::string_view print_millis(UnixMillis when, IntText& scratch) {
  return store::print_integer(when.time_since_epoch().count(), scratch);
}

void reply_string(Context& c, const Entry& entry) {
  IntText scratch;
  c.reply.bulk(store::string_bytes(entry, scratch));
}

// GET and the commands that answer the old value: false after a WRONGTYPE reply. `found` may be null.
bool reply_value(Context& c, const KeyRef& key, Entry** found = nullptr) {
  Entry* entry = c.find_for_read(key);
  if (found != nullptr) *found = entry;
  if (entry == nullptr) {
    c.reply.null();
  } else if (!is_string(entry)) {
    c.wrong_type();
    return false;
  } else {
    reply_string(c, *entry);
  }
  return true;
}

// The options of SET and GETEX.
struct StringOptions {
  bool nx = false;
  bool xx = false;
  bool get = false;
  bool keep_ttl = false;
  bool persist = false;
  std::optional<std::string_view> equals;  // IFEQ: only if the value is this
  std::optional<ExpiryArgument> expiry;

  bool has_condition() const { return nx || xx || equals; }
};

struct ExpiryWord {
  std::string_view word;
  TimeUnit unit;
  bool absolute;
};
constexpr ExpiryWord kExpiryWords[] = {{"ex", TimeUnit::kSeconds, false},
                                       {"px", TimeUnit::kMilliseconds, false},
                                       {"exat", TimeUnit::kSeconds, true},
                                       {"pxat", TimeUnit::kMilliseconds, true}};

// An expiry option with its time; the same option may come again (the last one counts), different ones exclude each
// other. False when `word` is none or may not come now.
bool take_expiry(StringOptions& o, std::string_view word, std::string_view time) {
  if (o.keep_ttl || o.persist) return false;
  for (const ExpiryWord& w : kExpiryWords) {
    if (!equals_ignore_case(w.word, word)) continue;
    if (o.expiry && (o.expiry->unit != w.unit || o.expiry->absolute != w.absolute)) return false;
    o.expiry = ExpiryArgument{time, w.unit, w.absolute};
    return true;
  }
  return false;
}

bool take_set_word(StringOptions& o, std::string_view word) {
  if (equals_ignore_case("nx", word) && !o.xx && !o.equals) return o.nx = true;
  if (equals_ignore_case("xx", word) && !o.nx && !o.equals) return o.xx = true;
  if (equals_ignore_case("get", word)) return o.get = true;
  if (equals_ignore_case("keepttl", word) && !o.expiry) return o.keep_ttl = true;
  return false;
}

// Options from argument `first` on; false for what is no option here.
bool parse_options(Context& c, size_t first, bool is_set, StringOptions& o) {
  for (size_t i = first; i < c.argc(); ++i) {
    if (is_set && take_set_word(o, c.arg(i))) continue;
    if (is_set && equals_ignore_case("ifeq", c.arg(i)) && !o.has_condition() && i + 1 < c.argc()) {
      o.equals = c.arg(++i);
      continue;
    }
    if (!is_set && equals_ignore_case("persist", c.arg(i)) && !o.expiry) {
      o.persist = true;
      continue;
    }
    if (i + 1 == c.argc() || !take_expiry(o, c.arg(i), c.arg(i + 1))) return false;
    ++i;
  }
  return true;
}

// SET with GET is replicated without it: a replica has nobody to answer.
void replicate_without_get(Context& c) {
  std::vector<std::string_view> request;
  for (size_t i = 0; i < c.argc(); ++i) {
    if (i < 3 || !equals_ignore_case("get", c.arg(i))) request.push_back(c.arg(i));
  }
  c.replicate_as(request);
}

// SET with IFEQ is replicated as what it did: no replica has to know the option.
void replicate_without_condition(Context& c, const StringOptions& o) {
  if (o.keep_ttl) return c.replicate_as({"SET", c.arg(1), c.arg(2), "KEEPTTL"});
  c.replicate_as({"SET", c.arg(1), c.arg(2)});
}

bool is_value(const Entry& entry, std::string_view bytes) {
  IntText scratch;
  return store::string_bytes(entry, scratch) == bytes;
}

enum class SetOutcome { kDone, kNotDone, kReplied };

// SET and its relatives after their options were read. kReplied: nothing more to answer.
SetOutcome set_value(Context& c, const KeyRef& key, std::string_view value, const StringOptions& o) {
  std::optional<UnixMillis> when;
  if (o.expiry && !(when = read_expiry(c, *o.expiry))) return SetOutcome::kReplied;
  if (o.get && !reply_value(c, key)) return SetOutcome::kReplied;
  const Entry* old = c.find_for_write(key);
  const bool found = old != nullptr;
  if (o.equals && found && !is_string(old)) {
    c.wrong_type();
    return SetOutcome::kReplied;
  }
  const bool differs = o.equals && (!found || !is_value(*old, *o.equals));
  if ((o.nx && found) || (o.xx && !found) || differs) return o.get ? SetOutcome::kReplied : SetOutcome::kNotDone;

  c.data.set_string(key, value, when ? Ttl::at(*when) : o.keep_ttl ? Ttl::keep() : Ttl::clear());
  if (!found) c.created(key.bytes);
  c.changed(key.bytes, config::kNotifyString, "set");
  if (when) {
    c.changed(key.bytes, config::kNotifyGeneric, "expire");
    const bool as_sent =
        c.spec.name == "set" && !o.equals && o.expiry->absolute && o.expiry->unit == TimeUnit::kMilliseconds;
    IntText scratch;
    if (!as_sent) c.replicate_as({"SET", key.bytes, value, "PXAT", print_millis(*when, scratch)});
  } else if (o.equals) {
    replicate_without_condition(c, o);
  } else if (o.get) {
    replicate_without_get(c);
  }
  return o.get ? SetOutcome::kReplied : SetOutcome::kDone;
}

void set_with_expiry(Context& c, TimeUnit unit) {
  StringOptions o;
  o.expiry = ExpiryArgument{c.arg(2), unit, false};
  if (set_value(c, c.key(1), c.arg(3), o) == SetOutcome::kDone) c.reply.ok();
}

// MSET and MSETNX: keys and values in turn.
void set_all(Context& c) {
  for (size_t i = 1; i < c.argc(); i += 2) {
    const KeyRef key = c.key(i);
    const bool found = c.find_for_write(key) != nullptr;
    c.data.set_string(key, c.arg(i + 1));
    if (!found) c.created(key.bytes);
    c.changed(key.bytes, config::kNotifyString, "set");
  }
}

// False after an error reply. The primary's stream is obeyed whatever limit is set here.
bool check_length(Context& c, uint64_t size, uint64_t more) {
  const uint64_t limit = c.caller.from_primary ? uint64_t{config::kMaxBulkLength} : c.config.proto_max_bulk_len;
  if (size <= limit && more <= limit - size) return true;
  c.reply.error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  return false;
}

}  // namespace

void get(Context& c) {
  reply_value(c, c.key(1));
}

void set(Context& c) {
  StringOptions o;
  if (!parse_options(c, 3, true, o)) return c.syntax_error();
  const SetOutcome outcome = set_value(c, c.key(1), c.arg(2), o);
  if (outcome == SetOutcome::kDone) c.reply.ok();
  if (outcome == SetOutcome::kNotDone) c.reply.null();
}

void setnx(Context& c) {
  const SetOutcome outcome = set_value(c, c.key(1), c.arg(2), {.nx = true});
  c.reply.integer(outcome == SetOutcome::kDone ? 1 : 0);
}

void setex(Context& c) {
  set_with_expiry(c, TimeUnit::kSeconds);
}
void psetex(Context& c) {
  set_with_expiry(c, TimeUnit::kMilliseconds);
}

void getset(Context& c) {
  const KeyRef key = c.key(1);
  Entry* old = nullptr;
  if (!reply_value(c, key, &old)) return;
  c.data.set_string(key, c.arg(2));
  if (old == nullptr) c.created(key.bytes);
  c.changed(key.bytes, config::kNotifyString, "set");
  c.replicate_as({"SET", key.bytes, c.arg(2)});
}

void getdel(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = nullptr;
  if (!reply_value(c, key, &entry) || entry == nullptr) return;
  c.data.erase(key);
  c.changed(key.bytes, config::kNotifyGeneric, "del");
  c.replicate_as({"DEL", key.bytes});
}

void delifeq(Context& c) {
  const KeyRef key = c.key(1);
  const Entry* entry = c.find_for_write(key);
  if (entry != nullptr && !is_string(entry)) return c.wrong_type();
  if (entry == nullptr || !is_value(*entry, c.arg(2))) return c.reply.integer(0);
  c.data.erase(key);
  c.changed(key.bytes, config::kNotifyGeneric, "del");
  c.replicate_as({"DEL", key.bytes});
  c.reply.integer(1);
}

void getex(Context& c) {
  StringOptions o;
  if (!parse_options(c, 2, false, o)) return c.syntax_error();
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (entry == nullptr) return c.reply.null();
  if (!is_string(entry)) return c.wrong_type();
  std::optional<UnixMillis> when;
  if (o.expiry && !(when = read_expiry(c, *o.expiry))) return;
  reply_string(c, *entry);  // before the change, which may move or delete it

  IntText scratch;
  if (when && o.expiry->absolute && already_expired(c, *when)) {
    c.data.erase(key);
    c.changed(key.bytes, config::kNotifyGeneric, "del");
    c.replicate_as({c.config.lazyfree_lazy_expire ? "UNLINK" : "DEL", key.bytes});
  } else if (when) {
    c.data.set_expiry(key, entry, *when);
    c.changed(key.bytes, config::kNotifyGeneric, "expire");
    c.replicate_as({"PEXPIREAT", key.bytes, print_millis(*when, scratch)});
  } else if (o.persist && entry->has_expiry()) {
    c.data.persist(key, entry);
    c.changed(key.bytes, config::kNotifyGeneric, "persist");
    c.replicate_as({"PERSIST", key.bytes});
  }
}

void mget(Context& c) {
  c.reply.array(c.argc() - 1);
  for (size_t i = 1; i < c.argc(); ++i) {
    const Entry* entry = c.find_for_read(c.key(i));
    if (entry == nullptr || !is_string(entry)) {
      c.reply.null();
    } else {
      reply_string(c, *entry);
    }
  }
}

void mset(Context& c) {
  if (c.argc() % 2 == 0) return c.wrong_arity();
  set_all(c);
  c.reply.ok();
}

void msetnx(Context& c) {
  if (c.argc() % 2 == 0) return c.wrong_arity();
  for (size_t i = 1; i < c.argc(); i += 2) {
    if (c.find_for_write(c.key(i)) != nullptr) return c.reply.integer(0);
  }
  set_all(c);
  c.reply.integer(1);
}

void append(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  if (entry != nullptr && !is_string(entry)) return c.wrong_type();
  StringValue value(c.data, key, entry);
  if (entry != nullptr && !check_length(c, value.size(), c.arg(2).size())) return;
  if (entry == nullptr) {
    value.assign(c.arg(2));  // chooses the encoding as SET does
    c.created(key.bytes);
  } else {
    value.append(c.arg(2));
  }
  c.changed(key.bytes, config::kNotifyString, "append");
  c.reply.integer(static_cast<int64_t>(value.size()));
}

void strlen(Context& c) {
  const Entry* entry = c.find_for_read(c.key(1));
  if (entry == nullptr) return c.reply.integer(0);
  if (!is_string(entry)) return c.wrong_type();
  c.reply.integer(static_cast<int64_t>(store::string_size(*entry)));
}

void setrange(Context& c) {
  const std::optional<int64_t> offset = parse_integer(c.arg(2));
  if (!offset) return c.not_an_integer();
  if (*offset < 0) return c.reply.error("ERR offset is out of range");
  const KeyRef key = c.key(1);
  const std::string_view bytes = c.arg(3);
  Entry* entry = c.find_for_write(key);
  if (entry != nullptr && !is_string(entry)) return c.wrong_type();
  StringValue value(c.data, key, entry);
  if (bytes.empty()) return c.reply.integer(static_cast<int64_t>(value.size()));
  if (!check_length(c, static_cast<uint64_t>(*offset), bytes.size())) return;
  const size_t size = value.set_range(static_cast<size_t>(*offset), bytes);
  if (entry == nullptr) c.created(key.bytes);
  c.changed(key.bytes, config::kNotifyString, "setrange");
  c.reply.integer(static_cast<int64_t>(size));
}

void getrange(Context& c) {
  const std::optional<int64_t> first = parse_integer(c.arg(2));
  if (!first) return c.not_an_integer();
  const std::optional<int64_t> last = parse_integer(c.arg(3));
  if (!last) return c.not_an_integer();
  const Entry* entry = c.find_for_read(c.key(1));
  if (entry == nullptr) return c.reply.bulk("");
  if (!is_string(entry)) return c.wrong_type();

  IntText scratch;
  const std::string_view text = store::string_bytes(*entry, scratch);
  const auto size = static_cast<int64_t>(text.size());
  if (*first < 0 && *last < 0 && *first > *last) return c.reply.bulk("");
  const int64_t from = std::max<int64_t>(*first < 0 ? size + *first : *first, 0);
  const int64_t to = std::min(std::max<int64_t>(*last < 0 ? size + *last : *last, 0), size - 1);
  if (from > to) return c.reply.bulk("");
  c.reply.bulk(text.substr(static_cast<size_t>(from), static_cast<size_t>(to - from + 1)));
}

void substr(Context& c) {
  getrange(c);
}

}  // namespace guccho::commands::handlers

// Keys of any type: deleting, renaming, copying, asking. Expiry is in expire.cc, walks over all keys in scan.cc.
#include <algorithm>

#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/host.h"
#include "node/commands/numbers.h"
#include "node/commands/ranges.h"
#include "node/commands/text.h"
#include "node/commands/times.h"
#include "node/store/keyspace.h"

namespace guccho::commands::handlers {
namespace {

using store::Entry;
using store::KeyRef;

// DEL and UNLINK: the store frees large values later in either case.
void remove(Context& c) {
  int64_t removed = 0;
  for (size_t i = 1; i < c.argc(); ++i) {
    const KeyRef key = c.key(i);
    if (c.find_for_write(key) == nullptr) continue;
    c.data.erase(key);
    c.changed(key.bytes, config::kNotifyGeneric, "del");
    ++removed;
  }
  c.reply.integer(removed);
}

void rename(Context& c, bool only_if_new) {
  const KeyRef from = c.key(1);
  const KeyRef to = c.key(2);
  if (c.find_for_write(from) == nullptr) return c.reply.error("ERR no such key");
  const bool same = from.bytes == to.bytes;
  const bool taken = same || c.find_for_write(to) != nullptr;
  if (only_if_new && taken) return c.reply.integer(0);
  if (!same) {
    c.data.rename(from, to);
    c.created(to.bytes);
    c.changed(from.bytes, config::kNotifyGeneric, "rename_from");
    c.changed(to.bytes, config::kNotifyGeneric, "rename_to");
  }
  only_if_new ? c.reply.integer(1) : c.reply.ok();
}

// COPY's options; false after an error reply.
bool parse_copy_options(Context& c, bool& replace) {
  constexpr int64_t kDatabases = 16;  // as many as redis-server has; of which a cluster uses the first
  int64_t database = 0;
  for (size_t i = 3; i < c.argc(); ++i) {
    if (equals_ignore_case("replace", c.arg(i))) {
      replace = true;
    } else if (equals_ignore_case("db", c.arg(i)) && i + 1 < c.argc()) {
      const auto number = read_int32(c, c.arg(++i));
      if (!number) return false;
      database = *number;
      if (database < 0 || database >= kDatabases) {
        c.reply.error("ERR DB index is out of range");
        return false;
      }
    } else {
      c.syntax_error();
      return false;
    }
  }
  if (database != 0) c.reply.error("ERR Copying to another database is not allowed in cluster mode");
  return database == 0;
}

bool is_lfu(const config::Config& config) {
  return config.maxmemory_policy == config::MaxmemoryPolicy::kAllkeysLfu ||
         config.maxmemory_policy == config::MaxmemoryPolicy::kVolatileLfu;
}

// The entry that OBJECT is about; null after a null reply.
Entry* find_object(Context& c) {
  Entry* entry = c.peek(c.key(2));
  if (entry == nullptr) c.reply.null();
  return entry;
}

}  // namespace

void del(Context& c) {
  remove(c);
}
void unlink(Context& c) {
  remove(c);
}

void exists(Context& c) {
  int64_t count = 0;
  for (size_t i = 1; i < c.argc(); ++i) count += c.peek(c.key(i)) != nullptr ? 1 : 0;
  c.reply.integer(count);
}

void touch(Context& c) {
  int64_t count = 0;
  for (size_t i = 1; i < c.argc(); ++i) count += c.find_for_read(c.key(i)) != nullptr ? 1 : 0;
  c.reply.integer(count);
}

void type(Context& c) {
  const Entry* entry = c.peek(c.key(1));
  c.reply.simple(entry != nullptr ? store::type_name(entry->type()) : "none");
}

void rename(Context& c) {
  rename(c, false);
}
void renamenx(Context& c) {
  rename(c, true);
}

void copy(Context& c) {
  bool replace = false;
  if (!parse_copy_options(c, replace)) return;
  const KeyRef from = c.key(1);
  const KeyRef to = c.key(2);
  if (from.bytes == to.bytes) return c.reply.error("ERR source and destination objects are the same");
  if (c.find_for_read(from) == nullptr) return c.reply.integer(0);
  if (c.find_for_write(to) != nullptr && !replace) return c.reply.integer(0);
  c.data.copy(from, to);
  c.created(to.bytes);
  c.changed(to.bytes, config::kNotifyGeneric, "copy_to");
  c.reply.integer(1);
}

void move(Context& c) {
  c.reply.error("ERR MOVE is not allowed in cluster mode");
}

void object_encoding(Context& c) {
  const Entry* entry = find_object(c);
  if (entry != nullptr) c.reply.bulk(store::encoding_name(entry->encoding()));
}

// Values are never shared between keys.
void object_refcount(Context& c) {
  if (find_object(c) != nullptr) c.reply.integer(1);
}

void object_idletime(Context& c) {
  const Entry* entry = find_object(c);
  if (entry == nullptr) return;
  if (is_lfu(c.config)) {
    return c.reply.error(
        "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between "
        "policies at runtime LRU and LFU data will take some time to adjust.");
  }
  c.reply.integer(c.data.idle_seconds(*entry));
}

void object_freq(Context& c) {
  const Entry* entry = find_object(c);
  if (entry == nullptr) return;
  if (!is_lfu(c.config)) {
    return c.reply.error(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching "
        "between policies at runtime LRU and LFU data will take some time to adjust.");
  }
  c.reply.integer(c.data.frequency(*entry));
}

void object_help(Context& c) {
  reply_help(c, {"ENCODING <key>", "    Return the kind of internal representation used in order to store the value",
                 "    associated with a <key>.", "FREQ <key>",
                 "    Return the access frequency index of the <key>. The returned integer is",
                 "    proportional to the logarithm of the recent access frequency of the key.", "IDLETIME <key>",
                 "    Return the idle time of the <key>, that is the approximated number of",
                 "    seconds elapsed since the last access to the key.", "REFCOUNT <key>",
                 "    Return the number of references of the value associated with the specified", "    <key>."});
}

// In EXEC and scripts nothing can wait: there it answers how many replicas have everything by now.
void wait(Context& c) {
  if (!c.is_primary) {
    return c.reply.error(
        "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is "
        "configured to be writable (which is not the default) writes to replicas are just local and are not "
        "propagated.");
  }
  const auto replicas = parse_integer(c.arg(1));
  if (!replicas) return c.not_an_integer();
  const auto timeout = read_timeout(c, c.arg(2));
  if (!timeout) return;
  if (!c.caller.in_exec) return c.host.wait_for_replicas(Acknowledged::kApplied, *replicas, *timeout, c.defer());
  const ReplicationStatus status = c.host.replication_status();
  c.reply.integer(
      std::ranges::count_if(status.replicas, [&](const auto& link) { return link.acknowledged >= status.offset; }));
}

// There is no append-only file here; replicas that are redis-servers may have one.
void waitaof(Context& c) {
  const auto local = parse_integer(c.arg(1));
  if (!local) return c.not_an_integer();
  if (*local < 0 || *local > 1) return c.reply.error("ERR value is out of range, value must between 0 and 1");
  const auto replicas = parse_integer(c.arg(2));
  if (!replicas || *replicas < 0) return c.reply.error("ERR value is out of range, must be positive");
  const auto timeout = read_timeout(c, c.arg(3));
  if (!timeout) return;
  if (!c.is_primary) {
    return c.reply.error(
        "ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local "
        "and are not propagated.");
  }
  if (*local > 0) {
    return c.reply.error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
  }
  if (!c.caller.in_exec) return c.host.wait_for_replicas(Acknowledged::kInFile, *replicas, *timeout, c.defer());
  const ReplicationStatus status = c.host.replication_status();
  c.reply.array(2);
  c.reply.integer(0);
  c.reply.integer(
      std::ranges::count_if(status.replicas, [&](const auto& link) { return link.in_file >= status.offset; }));
}

}  // namespace guccho::commands::handlers

// MEMORY: what the node's memory goes to.
#include <algorithm>

#include "node/commands/handlers.h"
#include "node/commands/help.h"
#include "node/commands/host.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/store/keyspace.h"

namespace guccho::commands {
namespace {

double ratio(uint64_t a, uint64_t b) {
  return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}

double percent(uint64_t part, uint64_t whole) {
  return 100 * ratio(part, whole);
}

int64_t difference(uint64_t a, uint64_t b) {
  return static_cast<int64_t>(a) - static_cast<int64_t>(b);
}

std::string mebibytes(uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

}  // namespace

namespace handlers {

// The size is known exactly, so there is nothing to sample: the count is only checked.
void memory_usage(Context& c) {
  for (size_t i = 3; i < c.argc(); ++i) {
    if (!equals_ignore_case("samples", c.arg(i)) || i + 1 == c.argc()) return c.syntax_error();
    const auto samples = parse_integer(c.arg(++i));
    if (!samples) return c.not_an_integer();
    if (*samples < 0) return c.syntax_error();
  }
  const store::Entry* entry = c.data.find(c.key(2));
  if (entry == nullptr) return c.reply.null();
  c.reply.integer(static_cast<int64_t>(c.data.memory_usage(*entry)));
}

void memory_stats(Context& c) {
  const MemoryStatus m = c.host.memory_status();
  const uint64_t overhead = m.used - m.dataset;
  const size_t mark = c.reply.begin_deferred();
  size_t fields = 0;
  const auto number = [&](std::string_view name, int64_t value) {
    c.reply.bulk(name);
    c.reply.integer(value);
    ++fields;
  };
  const auto real = [&](std::string_view name, double value) {
    c.reply.bulk(name);
    c.reply.real(value);
    ++fields;
  };
  const auto bytes = [&](std::string_view name, uint64_t value) { number(name, static_cast<int64_t>(value)); };
  bytes("peak.allocated", m.peak);
  bytes("total.allocated", m.used);
  bytes("startup.allocated", m.startup);
  bytes("replication.backlog", m.replication_backlog);
  bytes("clients.slaves", m.replica_buffers);
  bytes("clients.normal", m.client_buffers);
  bytes("cluster.links", m.cluster_links);
  bytes("aof.buffer", 0);
  bytes("lua.caches", 0);
  bytes("functions.caches", 0);
  bytes("overhead.total", overhead);
  bytes("keys.count", m.keys);
  bytes("keys.bytes-per-key", m.keys == 0 ? 0 : m.dataset / m.keys);
  bytes("dataset.bytes", m.dataset);
  real("dataset.percentage", percent(m.dataset, m.used - std::min(m.used, m.startup)));
  real("peak.percentage", percent(m.used, m.peak));
  bytes("allocator.allocated", m.used);
  bytes("allocator.active", m.held);
  bytes("allocator.resident", m.held);
  real("allocator-fragmentation.ratio", ratio(m.held, m.used));
  number("allocator-fragmentation.bytes", difference(m.held, m.used));
  real("allocator-rss.ratio", 1);
  number("allocator-rss.bytes", 0);
  real("rss-overhead.ratio", ratio(m.resident, m.held));
  number("rss-overhead.bytes", difference(m.resident, m.held));
  real("fragmentation", ratio(m.resident, m.used));
  number("fragmentation.bytes", difference(m.resident, m.used));
  c.reply.end_map(mark, fields);
}

void memory_doctor(Context& c) {
  constexpr uint64_t kTooLittle = uint64_t{5} << 20;
  const MemoryStatus m = c.host.memory_status();
  if (m.dataset < kTooLittle) {
    return c.reply.verbatim("txt",
                            "There is too little data (" + mebibytes(m.dataset) + ") to say anything about it.\n");
  }
  std::string out;
  if (2 * m.peak > 3 * m.used) {
    out += "Peak: " + mebibytes(m.peak) + " were in use once, now it is " + mebibytes(m.used) +
           "; the pages in between may stay with the process.\n";
  }
  if (10 * m.held > 14 * m.used) {
    out += "Fragmentation: " + mebibytes(m.held) + " are held for " + mebibytes(m.used) +
           " of data; they are moved together in the background.\n";
  }
  if (m.client_buffers > m.used / 5) {
    out += "Clients: their buffers take " + mebibytes(m.client_buffers) + "; CLIENT LIST shows whose.\n";
  }
  if (m.replica_buffers > m.used / 10) {
    out += "Replicas: " + mebibytes(m.replica_buffers) + " wait for them; a link is slower than the writes.\n";
  }
  c.reply.verbatim("txt", out.empty() ? "Nothing unusual.\n" : out);
}

void memory_malloc_stats(Context& c) {
  c.reply.verbatim("txt", c.host.allocator_report());
}

void memory_purge(Context& c) {
  c.host.release_free_memory();
  c.reply.ok();
}

void memory_help(Context& c) {
  reply_help(c, {"DOCTOR", "    Return memory problems reports.", "MALLOC-STATS",
                 "    Return internal statistics report from the memory allocator.", "PURGE",
                 "    Attempt to purge dirty pages for reclamation by the allocator.", "STATS",
                 "    Return information about the memory usage of the server.", "USAGE <key> [SAMPLES <count>]",
                 "    Return memory in bytes used by <key> and its value. Nested values are",
                 "    sampled up to <count> times (default: 5, 0 means sample all)."});
}

}  // namespace handlers
}  // namespace guccho::commands

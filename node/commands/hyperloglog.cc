// HyperLogLog: PFADD, PFCOUNT, PFMERGE and their tools. The values are strings; what is in them is
// store/hyperloglog.h's.
#include "node/store/hyperloglog.h"

#include <optional>
#include <string>

#include "node/commands/context.h"
#include "node/commands/handlers.h"
#include "node/commands/text.h"
#include "node/store/string_value.h"

namespace guccho::commands {
namespace {

using store::Entry;
using store::HyperLogLog;
using store::IntText;
using store::KeyRef;
using store::StringValue;

constexpr std::string_view kDamaged = "INVALIDOBJ Corrupted HLL object detected";

// The bytes of an existing key; nothing after an error reply.
std::optional<std::string_view> bytes_of(Context& c, const Entry& entry, IntText& scratch) {
  if (entry.type() != store::Type::kString) {
    c.wrong_type();
    return std::nullopt;
  }
  const std::string_view bytes = store::string_bytes(entry, scratch);
  if (HyperLogLog::valid(bytes)) return bytes;
  c.reply.error("WRONGTYPE Key is not a valid HyperLogLog string value.");
  return std::nullopt;
}

// PFADD to a dense value, where it lies. Nothing is written when no register rises.
size_t add_in_place(Context& c, StringValue& value, std::string_view bytes) {
  std::span<char> writable;
  size_t raised = 0;
  for (const std::string_view element : c.args.subspan(2)) {
    const HyperLogLog::Effect effect = HyperLogLog::effect_of(element);
    if (*HyperLogLog::get(bytes, effect.index) >= effect.value) continue;
    if (writable.empty()) {
      writable = value.writable(0);
      bytes = {writable.data(), writable.size()};
    }
    HyperLogLog::set_dense(writable, effect);
    ++raised;
  }
  if (raised > 0) HyperLogLog::invalidate(writable);
  return raised;
}

// PFADD to a copy, which may become dense. Nothing when the runs are damaged.
std::optional<size_t> add_to(Context& c, std::string& bytes) {
  size_t raised = 0;
  for (const std::string_view element : c.args.subspan(2)) {
    const HyperLogLog::Effect effect = HyperLogLog::effect_of(element);
    const std::optional<uint8_t> old = HyperLogLog::get(bytes, effect.index);
    if (!old) return std::nullopt;
    if (*old >= effect.value) continue;
    if (!HyperLogLog::raise(bytes, effect, c.config.hll_sparse_max_bytes)) return std::nullopt;
    ++raised;
  }
  return raised;
}

void count_union(Context& c) {
  HyperLogLog::Registers registers{};
  for (size_t i = 1; i < c.argc(); ++i) {
    const Entry* entry = c.find_for_read(c.key(i));
    if (entry == nullptr) continue;
    IntText scratch;
    const auto bytes = bytes_of(c, *entry, scratch);
    if (!bytes) return;
    if (!HyperLogLog::merge(registers, *bytes)) return c.reply.error(kDamaged);
  }
  c.reply.integer(static_cast<int64_t>(HyperLogLog::count(registers)));
}

// Keeps a dense form of a sparse value. False after an error reply.
bool store_dense(Context& c, const KeyRef& key, Entry* entry, std::string_view bytes) {
  std::string dense(bytes);
  if (!HyperLogLog::make_dense(dense)) {
    c.reply.error(kDamaged);
    return false;
  }
  StringValue(c.data, key, entry).assign_text(dense);
  c.mark_dirty();
  return true;
}

// Sparse and dense forms of the same elements agree, and their estimates are within what the method promises.
std::string self_test() {
  std::string sparse = HyperLogLog::empty();
  std::string dense = HyperLogLog::empty();
  if (!HyperLogLog::make_dense(dense)) return "cannot be made dense";
  constexpr double kTolerance = 5 * 1.04 / 128;  // five standard errors of 16384 registers
  uint64_t checkpoint = 1;
  for (uint64_t i = 1; i <= 100'000; ++i) {
    const uint64_t element = i * 0x9e3779b97f4a7c15ULL;
    const auto effect = HyperLogLog::effect_of({reinterpret_cast<const char*>(&element), sizeof element});
    for (std::string* bytes : {&sparse, &dense}) {
      const auto old = HyperLogLog::get(*bytes, effect.index);
      if (!old || (*old < effect.value && !HyperLogLog::raise(*bytes, effect, 3000))) return "a register cannot be set";
      if (HyperLogLog::get(*bytes, effect.index) < effect.value) return "a register was not set";
    }
    if (i != checkpoint) continue;
    checkpoint *= 10;
    const auto count = HyperLogLog::count(sparse);
    if (count != HyperLogLog::count(dense)) return "sparse and dense do not agree";
    const double error = static_cast<double>(*count) / static_cast<double>(i) - 1;
    if (i >= 10 && (error > kTolerance || error < -kTolerance)) return "the estimate is off";
  }
  return {};
}

}  // namespace

namespace handlers {

void pfadd(Context& c) {
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  StringValue value(c.data, key, entry);
  size_t raised = 0;
  if (entry == nullptr) {
    std::string bytes = HyperLogLog::empty();
    raised = 1 + *add_to(c, bytes);
    HyperLogLog::invalidate(bytes);
    value.assign_text(bytes);
    c.created(key.bytes);
  } else {
    IntText scratch;
    const auto bytes = bytes_of(c, *entry, scratch);
    if (!bytes) return;
    if (HyperLogLog::dense(*bytes)) {
      raised = add_in_place(c, value, *bytes);
    } else {
      std::string copy(*bytes);
      const std::optional<size_t> added = add_to(c, copy);
      if (!added) return c.reply.error(kDamaged);
      raised = *added;
      if (raised > 0) {
        HyperLogLog::invalidate(copy);
        value.assign_text(copy);
      }
    }
  }
  if (raised > 0) c.changed(key.bytes, config::kNotifyString, "pfadd");
  c.reply.integer(raised > 0 ? 1 : 0);
}

// Of one key the count is kept in the value: the reader becomes a writer, whose effect is replicated.
void pfcount(Context& c) {
  if (c.argc() > 2) return count_union(c);
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_read(key);
  if (entry == nullptr) return c.reply.integer(0);
  IntText scratch;
  const auto bytes = bytes_of(c, *entry, scratch);
  if (!bytes) return;
  if (const auto cached = HyperLogLog::cached_count(*bytes)) return c.reply.integer(static_cast<int64_t>(*cached));
  const std::optional<uint64_t> count = HyperLogLog::count(*bytes);
  if (!count) return c.reply.error(kDamaged);
  // A replica's value changes by its primary's stream only.
  if (c.is_primary || c.caller.from_primary) {
    HyperLogLog::set_cached_count(StringValue(c.data, key, entry).writable(0), *count);
    c.changed(key.bytes, 0, "");  // WATCH sees it; there is no event
  }
  c.reply.integer(static_cast<int64_t>(*count));
}

void pfmerge(Context& c) {
  HyperLogLog::Registers registers{};
  bool to_dense = false;
  for (size_t i = 1; i < c.argc(); ++i) {
    const Entry* source = c.find_for_read(c.key(i));
    if (source == nullptr) continue;
    IntText scratch;
    const auto bytes = bytes_of(c, *source, scratch);
    if (!bytes) return;
    to_dense |= HyperLogLog::dense(*bytes);
    if (!HyperLogLog::merge(registers, *bytes)) return c.reply.error(kDamaged);
  }
  const KeyRef key = c.key(1);
  Entry* entry = c.find_for_write(key);
  IntText scratch;
  std::string bytes = entry != nullptr ? std::string(store::string_bytes(*entry, scratch)) : HyperLogLog::empty();
  if (to_dense && !HyperLogLog::make_dense(bytes)) return c.reply.error(kDamaged);
  for (size_t i = 0; i < HyperLogLog::kRegisters; ++i) {
    const HyperLogLog::Effect effect{static_cast<uint16_t>(i), registers[i]};
    if (effect.value == 0 || HyperLogLog::get(bytes, effect.index) >= effect.value) continue;
    if (!HyperLogLog::raise(bytes, effect, c.config.hll_sparse_max_bytes)) return c.reply.error(kDamaged);
  }
  HyperLogLog::invalidate(bytes);
  StringValue(c.data, key, entry).assign_text(bytes);
  if (entry == nullptr) c.created(key.bytes);
  c.changed(key.bytes, config::kNotifyString, "pfadd");
  c.reply.ok();
}

void pfdebug(Context& c) {
  const KeyRef key = c.key(2);
  Entry* entry = c.find_for_write(key);
  if (entry == nullptr) return c.reply.error("ERR The specified key does not exist");
  IntText scratch;
  auto bytes = bytes_of(c, *entry, scratch);
  if (!bytes) return;
  StringValue value(c.data, key, entry);
  const std::span<char> text = value.writable(0);  // plain text from now on, as Redis leaves it whatever is asked
  entry = value.entry();
  bytes = {text.data(), text.size()};
  const bool sparse = !HyperLogLog::dense(*bytes);
  if (equals_ignore_case("getreg", c.arg(1))) {
    HyperLogLog::Registers registers{};
    if (!HyperLogLog::merge(registers, *bytes)) return c.reply.error(kDamaged);
    if (sparse && !store_dense(c, key, entry, *bytes)) return;
    c.reply.array(registers.size());
    for (const uint8_t each : registers) c.reply.integer(each);
  } else if (equals_ignore_case("decode", c.arg(1))) {
    if (!sparse) return c.reply.error("ERR HLL encoding is not sparse");
    c.reply.bulk(HyperLogLog::decode(*bytes));
  } else if (equals_ignore_case("encoding", c.arg(1))) {
    c.reply.simple(sparse ? "sparse" : "dense");
  } else if (equals_ignore_case("todense", c.arg(1))) {
    if (sparse && !store_dense(c, key, entry, *bytes)) return;
    c.reply.integer(sparse ? 1 : 0);
  } else {
    c.reply.error("ERR Unknown PFDEBUG subcommand '" + std::string(c.arg(1)) + "'");
  }
}

void pfselftest(Context& c) {
  const std::string failure = self_test();
  failure.empty() ? c.reply.ok() : c.reply.error("ERR TESTFAILED " + failure);
}

}  // namespace handlers
}  // namespace guccho::commands

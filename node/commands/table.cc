// Building the command table out of the families' records, and looking commands up in it.
#include <array>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "node/commands/command.h"
#include "node/commands/records/records.h"
#include "node/commands/text.h"

namespace guccho::commands {
namespace {

// Categories that follow from flags, as redis-server derives them.
uint32_t implied_categories(uint32_t flags, uint32_t given) {
  uint32_t categories = (flags & kFast) ? kCatFast : kCatSlow;
  if (flags & kWrite) categories |= kCatWrite;
  // What a script reads is not said by its command.
  if ((flags & kReadonly) && !(given & kCatScripting)) categories |= kCatRead;
  if (flags & kAdmin) categories |= kCatAdmin | kCatDangerous;
  if (flags & kPubsub) categories |= kCatPubsub;
  if (flags & kBlocking) categories |= kCatBlocking;
  return categories;
}

// The three older numbers for keys: those of a single range, else what the adjoining ranges of step 1 cover.
void set_key_range(CommandSpec& spec) {
  int first = 0;
  int last = 0;
  bool to_the_end = false;
  for (const KeySpec& key : spec.keys) {
    if (key.begin != KeySpec::Begin::kIndex || key.find != KeySpec::Find::kRange) continue;
    if (spec.keys.size() > 1 && (key.step != 1 || (first != 0 && key.index != last + 1))) continue;
    if (first == 0) first = key.index;
    to_the_end = key.last < 0;
    last = to_the_end ? key.last : key.index + key.last;
    spec.key_step = spec.keys.size() == 1 ? key.step : int16_t{1};
  }
  spec.first_key = static_cast<int16_t>(first);
  spec.last_key = static_cast<int16_t>(last);
}

// All records, copied out of the families and completed; commands first, then the subcommands of each container.
class Table {
 public:
  Table() {
    const std::array families = {
        records::acl(),           records::bitmap(),     records::cluster(),    records::connection(),
        records::generic(),       records::geo(),        records::hash(),       records::hyperloglog(),
        records::introspection(), records::list(),       records::memory(),     records::migrate(),
        records::persistence(),   records::pubsub(),     records::scripting(),  records::server(),
        records::set(),           records::sort(),       records::sorted_set(), records::stream(),
        records::string(),        records::transaction()};
    size_t total = 0;
    for (const auto family : families) {
      commands_ += family.size();
      for (const CommandSpec& spec : family) total += 1 + spec.subcommands.size();
    }
    specs_.reserve(total);  // from here on records do not move
    for (const auto family : families) {
      for (const CommandSpec& spec : family) add(spec, nullptr);
    }
    for (size_t i = 0; i < commands_; ++i) add_subcommands(specs_[i]);
    index();
  }

  const CommandSpec* find(std::string_view name) const {
    for (size_t at = hash(name) % kBuckets; buckets_[at] != kEmpty; at = (at + 1) % kBuckets) {
      const CommandSpec& spec = specs_[buckets_[at]];
      if (equals_ignore_case(spec.name, name)) return &spec;
    }
    return nullptr;
  }

  std::span<const CommandSpec> commands() const { return std::span(specs_).first(commands_); }
  std::span<const CommandSpec> all() const { return specs_; }

 private:
  // At most a quarter full, so a lookup rarely looks twice.
  static constexpr size_t kBuckets = 1024;
  static constexpr uint16_t kEmpty = 0xffff;

  // FNV-1a over the letters without their case.
  static uint32_t hash(std::string_view name) {
    uint32_t h = 2166136261u;
    for (const char c : name) h = (h ^ (static_cast<uint8_t>(c) | 0x20u)) * 16777619u;
    return h ^ (h >> 15);
  }

  void add(const CommandSpec& record, const CommandSpec* parent) {
    CommandSpec& spec = specs_.emplace_back(record);
    spec.id = static_cast<uint16_t>(specs_.size() - 1);
    spec.parent = parent;
    spec.categories |= implied_categories(spec.flags, spec.categories);
    spec.full_name = spec.name;
    if (parent != nullptr) {
      spec.full_name = full_names_.emplace_back(std::string(parent->name) + "|" + std::string(spec.name));
    }
    set_key_range(spec);
    spec.one_key = spec.keys.size() == 1 && spec.keys[0].begin == KeySpec::Begin::kIndex && spec.keys[0].index == 1 &&
                   spec.keys[0].find == KeySpec::Find::kRange && spec.keys[0].last == 0;
    spec.plain = spec.one_key && spec.where == Where::kOwner && (spec.keys[0].flags & kKeyNotKey) == 0 &&
                 (spec.flags & (kBlocking | kPubsub | kNoAuth | kMayReplicate | kSkipMonitor)) == 0;
  }

  void add_subcommands(CommandSpec& container) {
    if (container.subcommands.empty()) return;
    const size_t first = specs_.size();
    for (const CommandSpec& record : container.subcommands) add(record, &container);
    container.subcommands = std::span(specs_).subspan(first);
  }

  void index() {
    buckets_.fill(kEmpty);
    for (size_t i = 0; i < commands_; ++i) {
      size_t at = hash(specs_[i].name) % kBuckets;
      while (buckets_[at] != kEmpty) at = (at + 1) % kBuckets;
      buckets_[at] = static_cast<uint16_t>(i);
    }
  }

  size_t commands_ = 0;
  std::vector<CommandSpec> specs_;
  std::deque<std::string> full_names_;
  std::array<uint16_t, kBuckets> buckets_;
};

const Table& table() {
  static const Table t;
  return t;
}

// As much of a caller's text as an error quotes: up to 128 bytes, ending before a zero byte.
std::string_view quotable(std::string_view text, size_t limit = 128) {
  text = text.substr(0, limit);
  return text.substr(0, text.find('\0'));
}

std::string unknown_command(std::span<const std::string_view> args) {
  std::string quoted;
  for (size_t i = 1; i < args.size() && quoted.size() < 128; ++i) {
    quoted += "'" + std::string(quotable(args[i], 128 - quoted.size())) + "' ";
  }
  return "ERR unknown command '" + std::string(quotable(args[0])) + "', with args beginning with: " + quoted;
}

}  // namespace

const CommandSpec* find_command(std::string_view name) {
  return table().find(name);
}
std::span<const CommandSpec> all_commands() {
  return table().commands();
}
size_t command_id_count() {
  return table().all().size();
}
const CommandSpec& command_by_id(uint16_t id) {
  return table().all()[id];
}

const CommandSpec* resolve(std::span<const std::string_view> args) {
  if (args.empty()) return nullptr;
  const CommandSpec* spec = find_command(args[0]);
  if (spec == nullptr || spec->subcommands.empty() || args.size() == 1) return spec;
  for (const CommandSpec& sub : spec->subcommands) {
    if (equals_ignore_case(sub.name, args[1])) return &sub;
  }
  return nullptr;
}

const CommandSpec* find_by_full_name(std::string_view name) {
  const size_t bar = name.find('|');
  if (bar == std::string_view::npos) return find_command(name);
  const std::array parts = {name.substr(0, bar), name.substr(bar + 1)};
  const CommandSpec* spec = resolve(parts);
  return spec != nullptr && spec->parent != nullptr ? spec : nullptr;
}

std::string arity_error(const CommandSpec* spec, std::span<const std::string_view> args) {
  if (spec == nullptr) {
    const CommandSpec* container = find_command(args[0]);
    if (container == nullptr) return unknown_command(args);
    std::string name(args[0]);
    for (char& c : name) c = to_upper(c);
    return "ERR unknown subcommand '" + std::string(quotable(args[1])) + "'. Try " + name + " HELP.";
  }
  if (arity_fits(*spec, args.size())) return {};
  return "ERR wrong number of arguments for '" + std::string(spec->full_name) + "' command";
}

}  // namespace guccho::commands

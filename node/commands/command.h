// The declarative command table: dispatch, arity errors, COMMAND (DOCS, INFO, COUNT, GETKEYS, LIST), ACL categories and
// replication flags all come from these records. The records themselves are in records/, one file a family.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace guccho::commands {

class Context;
using Handler = void (*)(Context&);

// Flags as COMMAND INFO prints them (Redis 7.2 "command flags").
enum CommandFlag : uint32_t {
  kWrite = 1u << 0,
  kReadonly = 1u << 1,
  kDenyOom = 1u << 2,
  kAdmin = 1u << 3,
  kPubsub = 1u << 4,
  kNoScript = 1u << 5,
  kBlocking = 1u << 6,
  kLoading = 1u << 7,  // allowed while the data set is being loaded
  kStale = 1u << 8,    // allowed on a replica that lost its primary with replica-serve-stale-data no
  kSkipMonitor = 1u << 9,
  kSkipSlowlog = 1u << 10,
  kAsking = 1u << 11,
  kFast = 1u << 12,
  kNoAuth = 1u << 13,  // allowed before authentication
  kMayReplicate = 1u << 14,
  kNoAsyncLoading = 1u << 15,
  kNoMulti = 1u << 16,  // refused inside MULTI
  kMovableKeys = 1u << 17,
  kAllowBusy = 1u << 18,
  kNoMandatoryKeys = 1u << 19,
  kSentinel = 1u << 20,
  // Ours, not shown by COMMAND: about the cluster and not the data, so it is served while the data set is being loaded.
  // Tools ask every node what it sees right after CLUSTER REPLICATE, when replicas load.
  kViewOnly = 1u << 21,
};

// ACL categories as COMMAND INFO prints them.
enum Category : uint32_t {
  kCatKeyspace = 1u << 0,
  kCatRead = 1u << 1,
  kCatWrite = 1u << 2,
  kCatSet = 1u << 3,
  kCatSortedSet = 1u << 4,
  kCatList = 1u << 5,
  kCatHash = 1u << 6,
  kCatString = 1u << 7,
  kCatBitmap = 1u << 8,
  kCatHyperLogLog = 1u << 9,
  kCatGeo = 1u << 10,
  kCatStream = 1u << 11,
  kCatPubsub = 1u << 12,
  kCatAdmin = 1u << 13,
  kCatFast = 1u << 14,
  kCatSlow = 1u << 15,
  kCatBlocking = 1u << 16,
  kCatDangerous = 1u << 17,
  kCatConnection = 1u << 18,
  kCatTransaction = 1u << 19,
  kCatScripting = 1u << 20,
};

// Where a handler runs.
enum class Where : uint8_t {
  kOwner,      // on the worker that owns the slot of its keys; Context::session is null unless that is the home worker
  kHome,       // on the connection's worker, as a barrier; sees the Session
  kExclusive,  // with all workers parked at a batch boundary; sees the Session and every worker's data
};

enum KeySpecFlag : uint16_t {
  kKeyRO = 1u << 0,
  kKeyRW = 1u << 1,
  kKeyOW = 1u << 2,
  kKeyRM = 1u << 3,
  kKeyAccess = 1u << 4,
  kKeyUpdate = 1u << 5,
  kKeyInsert = 1u << 6,
  kKeyDelete = 1u << 7,
  kKeyNotKey = 1u << 8,
  kKeyIncomplete = 1u << 9,
  kKeyVariableFlags = 1u << 10,
};

// How keys are found in the arguments (Redis 7 "key specifications").
struct KeySpec {
  enum class Begin : uint8_t { kIndex, kKeyword, kUnknown };
  enum class Find : uint8_t { kRange, kKeynum, kUnknown };
  uint16_t flags = 0;
  Begin begin = Begin::kIndex;
  int16_t index = 0;              // kIndex: position; kKeyword: where to start looking (negative: from the end)
  std::string_view keyword = {};  // kKeyword
  Find find = Find::kRange;
  int16_t last = 0;  // kRange: last key relative to the first; -1: to the end, -2: one before the end
  int16_t step = 1;
  int16_t limit = 0;         // kRange with last -1: stop after 1/limit of the remaining arguments
  int16_t keynum_index = 0;  // kKeynum: where the count is, relative to begin
  int16_t first_key = 0;     // kKeynum: where the first key is, relative to begin
  std::string_view notes = {};
};

enum DocFlag : uint8_t { kDocDeprecated = 1u << 0, kDocSyscmd = 1u << 1 };

struct CommandSpec {
  std::string_view name;      // lower case; a subcommand's own name without its container's
  Handler handler = nullptr;  // null: a container whose subcommands do the work, or EXEC, WATCH (the executor's)
  int16_t arity = 0;          // arguments including the name(s); negative: at least
  uint32_t flags = 0;
  uint32_t categories = 0;  // in the records only those that do not follow from the flags; in the table all of them
  Where where = Where::kOwner;
  std::span<const KeySpec> keys = {};
  // The argument that names an element of the value at args[1], for those to whom that is most of the work: its memory
  // is asked for ahead of the execution. Negative: from the end; 0: none.
  int8_t element = 0;
  std::span<const CommandSpec> subcommands = {};
  std::string_view tips = {};  // separated by blanks
  std::string_view since = {};
  std::string_view group = {};
  uint8_t doc_flags = 0;
  std::string_view deprecated_since = {};
  std::string_view replaced_by = {};
  std::string_view summary = {};
  std::string_view complexity = {};
  std::string_view history = {};    // "VERSION text", one a line
  std::string_view arguments = {};  // the notation of arguments.h

  // Set when the table is built: "container|name" or the name, the container, and the place in per-command statistics.
  std::string_view full_name = {};
  const CommandSpec* parent = nullptr;
  uint16_t id = 0;
  // Its only key is args[1].
  bool one_key = false;
  // ... and all that it needs is that key's owner: no waiting, no scripts, no channels.
  bool plain = false;
  // The keys as COMMAND INFO's three older numbers give them: first, last (negative: from the end), step; 0 without
  // keys.
  int16_t first_key = 0;
  int16_t last_key = 0;
  int16_t key_step = 0;

  constexpr bool has(CommandFlag f) const { return (flags & f) != 0; }
};

// Finds a command by its name in any letter case; null when there is none. O(1), no allocation.
const CommandSpec* find_command(std::string_view name);
// Finds the record that serves these arguments: the subcommand for a container, the container itself when no subcommand
// was named (its arity then does not fit). Null when there is none.
const CommandSpec* resolve(std::span<const std::string_view> args);
// By the name that COMMAND prints: "set", "config|get". Null when there is none.
const CommandSpec* find_by_full_name(std::string_view name);
// All top-level records.
std::span<const CommandSpec> all_commands();
// Ids are 0 .. command_id_count() - 1, subcommands included; for per-command statistics.
size_t command_id_count();
const CommandSpec& command_by_id(uint16_t id);

// Positions of the keys in `args` by the record's key specs. False when the arguments do not fit the specs (such as a
// key count that is not a number). `out` is cleared first and may be reused between calls.
struct KeyPosition {
  uint32_t index;
  uint16_t flags;
};
bool find_keys(const CommandSpec& spec, std::span<const std::string_view> args, std::vector<KeyPosition>& out);

// Whether so many arguments fit the record.
inline bool arity_fits(const CommandSpec& spec, size_t argc) {
  return spec.arity >= 0 ? argc == static_cast<size_t>(spec.arity) : argc >= static_cast<size_t>(-spec.arity);
}

// The error for arguments that do not fit, as redis-server words it; empty when resolve() found a record and the count
// is right. For an unknown command it quotes the beginning of its arguments.
std::string arity_error(const CommandSpec* spec, std::span<const std::string_view> args);

}  // namespace guccho::commands

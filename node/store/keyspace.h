// The data of one worker: a table per owned slot, the allocator behind them, expiry, scanning, eviction candidates and
// snapshots.
//
// Single-threaded: only the owning worker calls it (or whoever holds the exclusive section). The counters marked "any
// thread" are relaxed atomics. Time is passed in. Nothing here replicates, announces or deletes by policy: an expired
// key stays until the caller erases it, since a replica must wait for its primary's DEL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "node/base/time.h"
#include "node/slots/slots.h"
#include "node/store/entry.h"
#include "node/store/key.h"
#include "node/store/snapshot.h"

namespace guccho::store {

class KeyspaceImpl;

// Thresholds of the packed encodings, named as their directives. Changing them affects later writes only.
struct PackedLimits {
  size_t hash_max_listpack_entries = 128;
  size_t hash_max_listpack_value = 64;
};

// What becomes of a key's expiry when its value is replaced.
struct Ttl {
  enum class Kind : uint8_t { kClear, kKeep, kAt };
  Kind kind = Kind::kClear;
  UnixMillis when{};
  static constexpr Ttl clear() { return {}; }
  static constexpr Ttl keep() { return {Kind::kKeep, {}}; }
  static constexpr Ttl at(UnixMillis when) { return {Kind::kAt, when}; }
};

// Whether a lookup counts as an access for OBJECT IDLETIME / FREQ and eviction (CLIENT NO-TOUCH, TYPE, TTL: no).
enum class Touch : bool { kNo, kYes };

// maxmemory-policy, without noeviction.
enum class EvictionPolicy : uint8_t {
  kAllkeysLru,
  kAllkeysLfu,
  kAllkeysRandom,
  kVolatileLru,
  kVolatileLfu,
  kVolatileRandom,
  kVolatileTtl,
};

struct EvictionCandidate {
  Slot slot;
  std::string key;
  uint64_t score = 0;  // comparable between workers of one node under one policy; greater goes first
};

// SCAN's cursor (DESIGN rule: slot, position in hash order). Printed as one 64-bit number below 2^63; 0 starts, and 0
// is what a finished scan answers.
struct ScanCursor {
  Slot slot{};
  uint64_t position = 0;  // 48 bits: the next hash prefix to visit in the slot
  uint64_t encode() const { return (position << 14) | slot.value; }
  static ScanCursor decode(uint64_t text) { return {Slot(text & (kSlotCount - 1)), (text >> 14) & ((1ULL << 48) - 1)}; }
};

class Keyspace {
 public:
  using Visit = std::function<void(const Entry&)>;

  // Owns the slots with slot mod `workers` == `worker`. Calls with any other slot are a programming error (asserted).
  Keyspace(size_t worker, size_t workers);
  ~Keyspace();
  Keyspace(const Keyspace&) = delete;
  Keyspace& operator=(const Keyspace&) = delete;

  bool owns(Slot slot) const { return slot.value % workers_ == worker_; }

  // ---- reading; expected constant time ----

  // Batch execution: first all keys' buckets, then all keys' entries, then execute.
  void prefetch_bucket(const KeyRef& key) const;
  void prefetch_entry(const KeyRef& key) const;

  // The entry whatever its expiry, or nullptr. Does not count as an access.
  Entry* find(const KeyRef& key);
  // The entry unless it has expired by `now`. Does not delete.
  Entry* find_live(const KeyRef& key, UnixMillis now, Touch touch = Touch::kYes);

  // ---- changing; each call first hands the old value to a running snapshot ----

  // SET: makes the key or replaces its value, whatever its type. Constant time plus the copy. `value` may be a view
  // into the old value. Strings up to 4 GiB - 1. The access clock starts fresh, as in Redis.
  Entry* set_string(const KeyRef& key, std::string_view value, Ttl ttl = Ttl::clear());
  // True when the key was there. Large values are freed later by free_step(): UNLINK and DEL are the same.
  bool erase(const KeyRef& key);
  // The entry, which may have moved.
  Entry* set_expiry(const KeyRef& key, Entry* entry, UnixMillis when);
  Entry* persist(const KeyRef& key, Entry* entry);
  // Moves value and expiry of an existing key to another name of the same slot, replacing what is there. The same name
  // twice changes nothing.
  Entry* rename(const KeyRef& from, const KeyRef& to);
  // Copies value and expiry to another name of the same slot, replacing what is there. Linear in the value.
  Entry* copy(const KeyRef& from, const KeyRef& to);

  // Forgets all keys now, frees their memory in later free_step() calls. A running snapshot still delivers them.
  void flush_slot(Slot slot);
  void flush_all();
  // Frees up to about `budget` allocations of what erase and flush left; false when nothing is left. Call it until
  // false for FLUSHALL SYNC.
  bool free_step(size_t budget);
  // Values and entries waiting for free_step (INFO lazyfree_pending_objects). Any thread.
  size_t pending_frees() const;

  // ---- the access clock (access.h): set once per loop turn ----

  void set_access_clock(UnixMillis now);
  void set_lfu(bool lfu);
  bool lfu() const;
  // OBJECT IDLETIME, in seconds; meaningful under LRU policies.
  int64_t idle_seconds(const Entry& entry) const;
  // OBJECT FREQ; meaningful under LFU policies.
  uint8_t frequency(const Entry& entry) const;
  // RESTORE IDLETIME / FREQ and the RDB opcodes of the same name.
  void set_idle_seconds(Entry& entry, int64_t seconds);
  void set_frequency(Entry& entry, uint8_t frequency);

  // ---- walking ----

  // At least `count` entries of a slot from `position` on in hash order, where there are as many (entries of equal hash
  // prefix come together). Returns the next position, or nothing when the slot is done. Expired keys are included; the
  // caller filters. Starting over from a returned position is right after any growth, also on another node. `visit`
  // must not change the keyspace.
  std::optional<uint64_t> scan_slot(Slot slot, uint64_t position, size_t count, const Visit& visit);
  // All entries of a slot. `visit` must not change the keyspace.
  void for_each_in_slot(Slot slot, const Visit& visit);
  // An entry of any owned slot, chosen nearly evenly; nullptr when there are none.
  Entry* random_entry();
  // MEMORY USAGE: bytes allocated for the key and its value. Constant time.
  size_t memory_usage(const Entry& entry) const;

  // ---- expiry and eviction ----

  struct ExpireProgress {
    size_t examined = 0;
    size_t expired = 0;
    bool more = false;  // the budget ended before the due keys did
  };
  // Erases keys that have expired by `now`, visiting at most about `budget` entries. `on_expire` runs just before each
  // deletion and must not change the keyspace. Cost is in proportion to the keys due: slots and segments carry a lower
  // bound of their expiries.
  ExpireProgress expire_cycle(UnixMillis now, size_t budget, const std::function<void(Slot, const Entry&)>& on_expire);

  // The best of `samples` random keys under the policy; nothing when no key qualifies.
  std::optional<EvictionCandidate> evict_candidate(EvictionPolicy policy, size_t samples);

  // ---- snapshots ----

  // From here on `sink` receives every entry of the selected owned slots as it is now, exactly once. One at a time.
  void begin_snapshot(const SlotSet& slots, SnapshotSink& sink);
  // Delivers about `budget_bytes` more (at least one group of entries); false once everything was delivered, which ends
  // the snapshot.
  bool snapshot_step(size_t budget_bytes);
  // Ends it early; the sink receives nothing more.
  void abort_snapshot();
  bool snapshot_active() const;

  // ---- counters ----

  // Any thread.
  size_t slot_keys(Slot slot) const;
  size_t slot_expires(Slot slot) const;
  size_t slot_bytes(Slot slot) const;
  size_t keys() const;
  size_t keys_with_expiry() const;
  // Bytes taken from the allocator by data, tables and values waiting to be freed (used_memory_dataset and overhead).
  size_t used_bytes() const;
  // Bytes the allocator holds from the system (close to this keyspace's share of the resident size).
  size_t held_bytes() const;

  PackedLimits& packed_limits();

  // For the value types of this folder (StringValue, HashValue).
  KeyspaceImpl& impl() { return *impl_; }

 private:
  const size_t worker_;
  const size_t workers_;
  std::unique_ptr<KeyspaceImpl> impl_;
};

}  // namespace guccho::store

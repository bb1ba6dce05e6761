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
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/random.h"
#include "node/base/relaxed.h"
#include "node/base/time.h"
#include "node/slots/slots.h"
#include "node/store/access.h"
#include "node/store/defragment.h"
#include "node/store/entry.h"
#include "node/store/key.h"
#include "node/store/slab.h"
#include "node/store/snapshot.h"
#include "node/store/table.h"

namespace guccho::store {

class Snapshot;
class Structure;

// Thresholds of the packed encodings, named as their directives. Changing them affects later writes only.
struct PackedLimits {
  size_t hash_max_listpack_entries = 128;
  size_t hash_max_listpack_value = 64;
  size_t zset_max_listpack_entries = 128;
  size_t zset_max_listpack_value = 64;
  size_t set_max_intset_entries = 512;
  size_t set_max_listpack_entries = 128;
  size_t set_max_listpack_value = 64;
  int32_t list_max_listpack_size = -2;  // elements of a packed list or block; negative: -1 to -5 are 4 KiB to 64 KiB
  size_t stream_node_max_bytes = 4096;
  size_t stream_node_max_entries = 100;
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

// SCAN's cursor (slot, position in hash order). Printed as one 64-bit number below 2^63; 0 starts, and 0
// is what a finished scan answers.
struct ScanCursor {
  Slot slot{};
  uint64_t position = 0;  // 48 bits: the next hash prefix to visit in the slot
  uint64_t encode() const { return (position << 14) | slot.value; }
  static ScanCursor decode(uint64_t text) { return {Slot(text & (kSlotCount - 1)), (text >> 14) & ((1ULL << 48) - 1)}; }
};

struct EntryTraits {
  static std::string_view key(const Entry& entry) { return entry.key(); }
  static uint64_t hash(std::string_view key) { return hash_bytes(key); }
};
using SlotTable = Table<Entry, EntryTraits>;

class Keyspace {
 public:
  using Visit = std::function<void(const Entry&)>;

  // Owns the slots with slot mod `workers` == `worker`. Calls with any other slot are a programming error (asserted).
  Keyspace(size_t worker, size_t workers);
  ~Keyspace();
  Keyspace(const Keyspace&) = delete;
  Keyspace& operator=(const Keyspace&) = delete;

  bool owns(Slot slot) const { return slot.value % workers_ == worker_; }
  size_t worker() const { return worker_; }

  // ---- reading; expected constant time ----

  // Batch execution: first all keys' buckets, then all keys' entries, then execute.
  void prefetch_table(const KeyRef& key) const;
  void prefetch_bucket(const KeyRef& key) const;
  // See TableCore::prefetch_items.
  bool prefetch_entry(const KeyRef& key, size_t places = 0) const;
  // The table in which the value finds its elements by hash, to be asked for one of them; null when there is none.
  const TableCore* element_table(const KeyRef& key) const;

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
  // Frees what erase and flush left, until `budget` (free_cost) is used up; false when nothing is left. Call it until
  // false for FLUSHALL SYNC.
  bool free_step(size_t budget);
  // Slots, entries and big values waiting for free_step (INFO lazyfree_pending_objects); 0 when it has nothing to do.
  // Any thread.
  size_t pending_frees() const;

  // Moves up to about `budget` objects out of sparse pages; true while the walk through all keys goes on. Entries move:
  // call it between commands. The parts of structures with more than `max_elements` stay where they are, since a step
  // must end. When to do so: defragment.h.
  bool defragment_step(size_t budget, size_t max_elements);
  const DefragmentCounts& defragmented() const { return defragmented_; }

  // ---- the access clock (access.h): set once per loop turn ----

  void set_access_clock(UnixMillis now) { access_.set_now(now); }
  void set_access_policy(const AccessPolicy& policy) { access_.set_policy(policy); }
  const AccessPolicy& access_policy() const { return access_.policy(); }
  // OBJECT IDLETIME, in seconds; meaningful under LRU policies.
  int64_t idle_seconds(const Entry& entry) const { return access_.idle_seconds(entry.access()); }
  // OBJECT FREQ; meaningful under LFU policies.
  uint8_t frequency(const Entry& entry) const { return static_cast<uint8_t>(access_.frequency(entry.access())); }
  // RESTORE IDLETIME / FREQ and the RDB opcodes of the same name.
  void set_idle_seconds(Entry& entry, int64_t seconds) { entry.set_access(access_.with_idle(seconds)); }
  void set_frequency(Entry& entry, uint8_t frequency) { entry.set_access(access_.lfu(frequency)); }

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
    size_t expired_fields = 0;
    bool more = false;  // the budget ended before the due keys did
  };
  using OnExpire = std::function<void(Slot, const Entry&)>;
  // Some fields of the hash at a key; `last`: none are left, and the key goes with them.
  using OnExpireFields =
      std::function<void(Slot, std::string_view key, std::span<const std::string_view> fields, bool last)>;
  // Erases keys, and fields of hashes, that have expired by `now`, visiting at most about `budget` of them. What is
  // called runs just before each deletion and must not change the keyspace. Cost is in proportion to what is due:
  // slots, segments, and the tables of hashes carry a lower bound of their expiries.
  ExpireProgress expire_cycle(UnixMillis now, size_t budget, const OnExpire& on_expire,
                              const OnExpireFields& on_fields = {});

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
  bool snapshot_active() const { return snapshot_ != nullptr; }

  // ---- counters ----

  // Any thread.
  size_t slot_keys(Slot slot) const { return counters(slot).keys.get(); }
  size_t slot_expires(Slot slot) const { return counters(slot).expires.get(); }
  size_t slot_bytes(Slot slot) const { return counters(slot).bytes.get(); }
  size_t keys() const { return total_.keys.get(); }
  size_t keys_with_expiry() const { return total_.expires.get(); }
  // Hashes with fields that expire.
  size_t slot_timed_hashes(Slot slot) const { return counters(slot).timed_hashes.get(); }
  size_t timed_hashes() const { return total_.timed_hashes.get(); }
  // Bytes taken from the allocator by data, tables and values waiting to be freed (used_memory_dataset and overhead).
  size_t used_bytes() const { return alloc_.used(); }
  // Bytes the allocator holds from the system (close to this keyspace's share of the resident size).
  size_t held_bytes() const { return alloc_.held(); }
  // See SlabAllocator.
  bool has_filled_parts() const { return alloc_.has_filled_parts(); }
  std::vector<void*> take_filled_parts() { return alloc_.take_filled_parts(); }

  PackedLimits& packed_limits() { return packed_limits_; }

  // ---- for the value types of this folder (StringValue, HashValue) ----

  // While it lives, what the allocator hands out and takes back is charged to the slot.
  class Charge {
   public:
    Charge(Keyspace& keyspace, Slot slot) : keyspace_(keyspace), slot_(slot), before_(keyspace.alloc_.used()) {}
    ~Charge() {
      // Most changes take and give back nothing: they do not touch the counters' cache line.
      const size_t delta = keyspace_.alloc_.used() - before_;
      if (delta != 0) keyspace_.counters(slot_).bytes.add(delta);
    }
    Charge(const Charge&) = delete;
    Charge& operator=(const Charge&) = delete;

   private:
    Keyspace& keyspace_;
    const Slot slot_;
    const size_t before_;
  };

  // Must run before the key's entry or value changes, once per command at least: the running snapshot takes what it
  // has not taken yet.
  void before_change(const KeyRef& key) {
    if (snapshot_) before_change_slow(key);
  }
  // Makes an absent key; the payload is left to the caller. Call within a Charge, after before_change().
  Entry* create(const KeyRef& key, Type type, uint8_t repr, size_t payload_size,
                std::optional<UnixMillis> expiry = std::nullopt);
  // Gives the entry another representation and payload size, keeping the first bytes. May move it. Within a Charge.
  Entry* resize_payload(const KeyRef& key, Entry* entry, uint8_t repr, size_t payload_size);
  // Frees a structure now when it is small, else in later free_step() calls. Within a Charge.
  void release_structure(Slot slot, Structure* structure);
  // A field of the hash at a key expires at `millis`: where the active cycle is to look.
  void note_field_expiry(const KeyRef& key, int64_t millis) { note_bound(key, millis); }
  // A hash got its first field that expires (1), or lost its last one (-1).
  void count_timed_hash(Slot slot, size_t delta);
  SlabAllocator& allocator() { return alloc_; }
  Rng& rng() { return rng_; }

 private:
  friend class Snapshot;

  struct Counters {
    Relaxed<size_t> keys;
    Relaxed<size_t> expires;
    Relaxed<size_t> bytes;
    Relaxed<size_t> timed_hashes;
  };
  // What waits for free_step(); `resume` is where its drain goes on.
  struct DetachedSlot {
    SlotTable table;
    uint32_t resume = 0;
  };
  // Slots of one worker are summed in groups of this size, so that a random key is found without walking all slots.
  static constexpr size_t kSlotsPerGroup = 128;

  size_t index_of(Slot slot) const { return uint32_t{slot.value} / static_cast<uint32_t>(workers_); }
  Slot slot_at(size_t index) const { return Slot(static_cast<uint16_t>(index * workers_ + worker_)); }
  SlotTable& table(Slot slot) { return tables_[index_of(slot)]; }
  Counters& counters(Slot slot) { return counters_[index_of(slot)]; }
  const Counters& counters(Slot slot) const { return counters_[index_of(slot)]; }

  void before_change_slow(const KeyRef& key);
  Entry* allocate_entry(const KeyRef& key, Type type, uint8_t repr, size_t payload_size,
                        std::optional<UnixMillis> expiry);
  void count_key(Slot slot, size_t delta);
  void count_expiry(Slot slot, size_t delta);
  void note_expiry(const KeyRef& key, UnixMillis when) { note_bound(key, when.time_since_epoch().count()); }
  void note_bound(const KeyRef& key, int64_t millis);
  void note_fields(const KeyRef& key, const Entry& entry);
  // Puts `fresh` (of the same key) where `old` is; frees old's allocation, not what its External refers to.
  void exchange(const KeyRef& key, Entry* old, Entry* fresh);
  Entry* reformat(const KeyRef& key, Entry* old, uint8_t repr, size_t payload_size, std::optional<UnixMillis> expiry);
  bool set_in_place(Entry& entry, uint8_t repr, std::string_view payload, std::optional<UnixMillis> expiry);
  void release_value(Slot slot, Entry& entry);
  void release_entry(Slot slot, Entry* entry);
  // Takes the entry out of its table and the counters; the memory is the caller's.
  void detach(const KeyRef& key, Entry* entry);
  // Frees an entry that belongs to no slot any more, all at once but for structures; says what it cost.
  size_t discard(Entry* entry);
  void free_later(SlotTable&& table);
  void* move_if_sparse(void* object, size_t size);
  Entry* defragment_entry(Entry* entry, size_t max_elements);
  size_t random_slot_index(bool with_expiry);
  std::vector<Entry*> sample_volatile(size_t samples);
  uint64_t eviction_score(const Entry& entry, EvictionPolicy policy);
  // What one call of expire_cycle() is about.
  struct ExpireTask {
    UnixMillis now;
    int64_t limit;
    size_t budget;
    const OnExpire& on_expire;
    const OnExpireFields& on_fields;
    ExpireProgress progress;
  };
  bool expire_slot(size_t index, ExpireTask& task);
  int64_t expire_fields(const KeyRef& key, Entry* entry, ExpireTask& task);

  const size_t worker_;
  const size_t workers_;
  const size_t slot_count_;  // owned
  SlabAllocator alloc_;
  std::vector<SlotTable> tables_;
  std::unique_ptr<Counters[]> counters_;
  Counters total_;
  std::vector<size_t> group_keys_;
  AccessClock access_;
  Rng rng_;
  PackedLimits packed_limits_;

  // A lower bound of the expiries in each slot, and of all of them.
  std::vector<int64_t> slot_bounds_;
  int64_t bound_ = TableCore::kNoBound;
  size_t expire_index_ = 0;  // where the active cycle goes on
  uint64_t expire_position_ = 0;

  DefragmentCounts defragmented_;
  size_t defragment_index_ = 0;  // where the walk of defragment_step goes on
  uint64_t defragment_position_ = 0;
  size_t defragment_place_ = 0;  // in that segment

  std::vector<DetachedSlot> detached_slots_;
  std::vector<Structure*> detached_structures_;
  Relaxed<size_t> pending_;
  std::unique_ptr<Snapshot> snapshot_;
};

}  // namespace guccho::store

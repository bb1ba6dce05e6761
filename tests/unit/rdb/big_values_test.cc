// Big values in snapshots: each comes in parts, as it was at the cut, whatever is written to it meanwhile.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "node/base/random.h"
#include "node/rdb/snapshot_writer.h"
#include "node/store/hash_value.h"
#include "node/store/list_value.h"
#include "node/store/stream_value.h"
#include "node/store/string_value.h"
#include "tests/unit/rdb/support.h"

namespace guccho::rdb {
namespace {

std::string joined(const Chunks& chunks) {
  std::string out;
  for (const std::string& chunk : chunks) out += chunk;
  return out;
}

// Lets a value leave before it is whole once so much of it is there, as a full sync does.
struct InParts : SnapshotWriter {
  explicit InParts(size_t limit, WriteOptions options = {}) : SnapshotWriter(options), open_at(limit) {}

  const size_t open_at;
  std::string stream;
  std::string behind;  // what comes while the value is not whole
  bool open = false;
  size_t parts = 0;

  void grew() override {
    (open ? behind : stream) += joined(take_records());
    if (!open && oldest_bytes() < open_at) return;
    if (oldest_bytes() == 0 && !last_part_is_there()) return;
    const Part part = take_part();
    ++parts;
    stream += joined(part.chunks);
    open = !part.last;
    if (part.last) stream += std::exchange(behind, {});
  }
  size_t made() const { return stream.size() + behind.size() + unfinished_bytes(); }
};

// What is large leaves in as many parts as it takes, and no more of it is kept than that; other values wait behind it.
TEST(BigValues, LeaveBeforeTheyAreWhole) {
  store::Keyspace keyspace(0, 1);
  const auto name = [](int i) { return "{big}" + std::to_string(i); };
  const Slot slot = key_slot(name(0));
  for (int k = 0; k < 3; ++k) {
    for (int i = 0; i < 5000; ++i) {
      const std::string key = name(k);
      store::HashValue(keyspace, {slot, key}, keyspace.find({slot, key})).set(std::to_string(i), std::string(100, 'v'));
    }
  }
  const auto cut = dump(keyspace);
  InParts sink(20000, {.compress = false});
  SlotSet slots;
  slots.insert(slot);
  keyspace.begin_snapshot(slots, sink);
  size_t most = 0;
  int step = 0;
  do {
    const std::string key = name(step % 3);
    store::HashValue(keyspace, {slot, key}, keyspace.find({slot, key})).erase(std::to_string(step));
    most = std::max(most, sink.unfinished_bytes());
    ++step;
  } while (keyspace.snapshot_step(3000));
  EXPECT_GT(sink.parts, 300u);
  EXPECT_LT(most, 100'000u);  // of 1.7 MB: what is written to meanwhile
  EXPECT_EQ(sink.unfinished_bytes(), 0u);
  Loader loader;
  const Status status = read_all(kHead + sink.stream + kEnd, loader);
  ASSERT_TRUE(status) << status.error().text;
  EXPECT_EQ(dump(loader.keyspace), cut);
}

// A big hash comes in parts, each as it was at the cut, whatever becomes of the fields' expiries meanwhile.
TEST(BigValues, PartsOfABigHashKeepTheExpiriesOfTheCut) {
  for (const bool timed : {false, true}) {
    store::Keyspace keyspace(0, 1);
    const store::KeyRef key(key_slot("big"), "big");
    const auto when = [](int i) { return UnixMillis(Millis(1000 + i)); };
    {
      store::HashValue hash(keyspace, key, nullptr);
      for (int i = 0; i < 3000; ++i)
        hash.set(std::to_string(i), "v", timed ? store::Ttl::at(when(i)) : store::Ttl::clear());
    }
    const auto cut = dump(keyspace);
    SnapshotWriter sink;
    SlotSet slots;
    slots.insert(key.slot);
    keyspace.begin_snapshot(slots, sink);
    int step = 0;
    do {
      store::HashValue hash(keyspace, key, keyspace.find(key));
      const std::string field = std::to_string((step * 37) % 3000);
      if (hash.contains(field)) timed ? hash.persist(field) : hash.set_expiry(field, when(step));
      hash.erase(std::to_string((step * 41) % 3000));
      hash.expire(when(step), 10, [](std::span<const std::string_view>) {});
      ++step;
    } while (keyspace.snapshot_step(100));
    EXPECT_GT(step, 20);
    Loader loader;
    const Status status = read_all("REDIS0012" + joined(sink.take_records()) + kEnd, loader);
    ASSERT_TRUE(status) << status.error().text;
    EXPECT_EQ(dump(loader.keyspace), cut);
    EXPECT_NE(dump(keyspace), cut);
  }
}

// Snapshots of one big value while it is changed: the load of what they deliver is the value of the cut.
struct BigValueUnderWrites : testing::TestWithParam<uint64_t> {
  store::Keyspace keyspace{0, 1};
  const store::KeyRef key{key_slot("big"), "big"};
  Rng rng{GetParam()};
  std::map<std::string, std::string> cut;
  std::optional<InParts> sink;

  void begin() {
    cut = dump(keyspace);
    sink.emplace(GetParam() / 2 % 2 == 0 ? 3000 : SIZE_MAX);
    SlotSet slots;
    slots.insert(key.slot);
    keyspace.begin_snapshot(slots, *sink);
  }
  // With a change between any two parts.
  template <class Change>
  int finish(Change change) {
    int steps = 0;
    do {
      change();
      ++steps;
    } while (keyspace.snapshot_step(1 + rng.below(8000)));
    return steps;
  }
  void expect_the_cut() {
    EXPECT_EQ(sink->unfinished_bytes(), 0u);
    EXPECT_FALSE(sink->open);
    Loader loader;
    const Status status = read_all(kHead + sink->stream + kEnd, loader, 1000);
    ASSERT_TRUE(status) << status.error().text;
    EXPECT_EQ(dump(loader.keyspace), cut);
    EXPECT_NE(dump(keyspace), cut);
  }
  void expect_nothing_left() {
    keyspace.flush_all();
    EXPECT_EQ(keyspace.slot_bytes(key.slot), 0u);
    while (keyspace.free_step(1000)) {
    }
    EXPECT_EQ(keyspace.used_bytes(), 0u);
  }

  // ---- a list ----

  store::ListValue list() { return {keyspace, key, keyspace.find(key)}; }
  void make_list() {
    // Many blocks, some elements in blocks of their own. Every other seed has small blocks, which are split and joined
    // often.
    if (GetParam() % 2 == 1) keyspace.packed_limits().list_max_listpack_size = 8;
    // What lies between them goes, so that compaction moves them.
    const store::KeyRef between(key.slot, "{big}between");
    for (int i = 0; i < 20000; ++i) {
      const size_t pad = rng.below(2000) == 0 ? 9000 : rng.below(30);
      list().push(store::ListEnd::kTail, std::to_string(i) + std::string(pad, 'x'));
      store::ListValue(keyspace, between, keyspace.find(between)).push(store::ListEnd::kTail, std::to_string(i));
    }
    keyspace.erase(between);
    while (keyspace.free_step(1000)) {
    }
  }
  void change_list() {
    const size_t size = list().size();
    const std::string text = rng.below(100) == 0 ? std::string(10000, 'y') : std::to_string(rng.next());
    const auto end = rng.below(2) == 0 ? store::ListEnd::kHead : store::ListEnd::kTail;
    if (size < 100) return list().push(end, text);
    switch (rng.below(9)) {
      case 0:
      case 1:
        return list().push(end, text);
      case 2:
        return list().pop(end, 1 + rng.below(5));
      case 3:
        return list().pop(end, 1 + rng.below(size / 50));
      case 4:
        return list().set(rng.below(size), text);
      case 5:
        list().erase_matching(element(rng.below(size)), rng.below(3), end);
        return;
      case 6:
        list().insert(element(rng.below(size)), rng.below(2) == 0, text);
        return;
      case 7:
        keyspace.defragment_step(20000, 1'000'000);
        return;
      default:
        return list().trim(rng.below(50), size - 50 - rng.below(30));
    }
  }
  std::string element(size_t index) {
    store::IntText scratch;
    return std::string(store::ListView(*keyspace.find(key)).at(index).element().text(scratch));
  }

  // ---- a stream ----

  void make_stream() { fill_stream(keyspace, key, 5000); }
  void change_stream() {
    store::StreamValue value(keyspace, key, keyspace.find(key));
    if (!value) value.create();
    value.change([&](store::Stream& stream, store::SlabAllocator& alloc) {
      store::StreamId id{1700000000000 + rng.below(1700), 0};
      store::StreamEntry entry;
      switch (rng.below(7)) {
        case 0:
        case 1:
        case 2:
          if (store::StreamWalk(stream, id, store::StreamId::max()).next(entry)) stream.erase(entry.id, alloc);
          return;
        case 3: {
          const auto by = rng.below(2) == 0 ? store::StreamTrim::By::kMaxLength : store::StreamTrim::By::kMinId;
          stream.trim({by,
                       rng.below(2) == 0,
                       stream.length - std::min<uint64_t>(stream.length, rng.below(60)),
                       {stream.first_id.ms + rng.below(20), 0},
                       0},
                      alloc);
          return;
        }
        case 4:
          // XSETID back to what is there: ids of the cut come up again.
          if (rng.below(30) == 0) {
            stream.trim({store::StreamTrim::By::kMinId, false, 0, id, 0}, alloc);
            for (auto last = stream.last_entry_id(); stream.length > 0 && rng.below(500) != 0;
                 last = stream.last_entry_id()) {
              stream.erase(last, alloc);
            }
            stream.set_last_id(stream.last_entry_id(), alloc);
          }
          return;
        default:
          id = stream.last_id;
          id.increment();
          const std::string_view texts[] = {"f", "v"};
          stream.append(id, texts, keyspace.packed_limits(), alloc);
      }
      if (stream.groups().size() > 0) stream.groups()[0]->last_id = id;
    });
  }
};

TEST_P(BigValueUnderWrites, AListComesAsItWasAtTheCut) {
  make_list();
  begin();
  list().push(store::ListEnd::kTail, "new");
  EXPECT_LT(sink->made(), 100u);  // and not the 500 KB of the list
  EXPECT_GT(finish([&] { change_list(); }), 20);
  expect_the_cut();
  expect_nothing_left();
}

TEST_P(BigValueUnderWrites, AListThatShrinksToAPackedOne) {
  make_list();
  begin();
  while (keyspace.snapshot_step(1000) && sink->made() < 50000) {
  }
  list().trim(19000, 1);
  EXPECT_EQ(store::encoding_name(keyspace.find(key)->encoding()), "listpack");
  // The memory of the blocks' owner is used again, and the walk leaves it alone.
  const auto name = [](size_t i) { return "{big}" + std::to_string(i); };
  for (size_t i = 0; i < 64; ++i) keyspace.set_string({key.slot, name(i)}, std::string(i, 'z'));
  EXPECT_TRUE(keyspace.erase(key));
  list().push(store::ListEnd::kTail, "another");
  finish([&] { change_list(); });
  for (size_t i = 0; i < 64; ++i) {
    store::IntText scratch;
    EXPECT_EQ(store::string_bytes(*keyspace.find({key.slot, name(i)}), scratch), std::string(i, 'z'));
  }
  expect_the_cut();
  expect_nothing_left();
}

TEST_P(BigValueUnderWrites, AListDeletedInTheMiddle) {
  make_list();
  begin();
  for (int i = 0; i < 10; ++i) change_list();
  keyspace.snapshot_step(30000);
  EXPECT_TRUE(keyspace.erase(key));
  EXPECT_EQ(keyspace.slot_bytes(key.slot), 0u);
  finish([&] { change_list(); });
  expect_the_cut();
  expect_nothing_left();
}

TEST_P(BigValueUnderWrites, AListAbortedInTheMiddleThenAnotherSnapshot) {
  make_list();
  begin();
  for (int i = 0; i < 10; ++i) change_list();
  keyspace.snapshot_step(30000);
  keyspace.abort_snapshot();
  for (int i = 0; i < 10; ++i) change_list();
  begin();
  finish([&] { change_list(); });
  expect_the_cut();
  expect_nothing_left();
}

TEST_P(BigValueUnderWrites, AStreamComesAsItWasAtTheCut) {
  make_stream();
  begin();
  change_stream();
  EXPECT_GT(finish([&] { change_stream(); }), 10);
  expect_the_cut();
  expect_nothing_left();
}

TEST_P(BigValueUnderWrites, AStreamDeletedInTheMiddle) {
  make_stream();
  begin();
  for (int i = 0; i < 10; ++i) change_stream();
  keyspace.snapshot_step(5000);
  EXPECT_TRUE(keyspace.erase(key));
  finish([&] { change_stream(); });
  expect_the_cut();
  expect_nothing_left();
}

// Without a block, and big by what is pending.
TEST_P(BigValueUnderWrites, AnEmptyStreamWithManyPendingEntries) {
  make_stream();
  store::StreamValue(keyspace, key, keyspace.find(key)).change([](store::Stream& stream, store::SlabAllocator& alloc) {
    stream.trim({store::StreamTrim::By::kMaxLength, false, 0, {}, 0}, alloc);
  });
  begin();
  finish([&] { change_stream(); });
  keyspace.set_expiry(key, keyspace.find(key), UnixMillis(Millis(5)));
  expect_the_cut();
  expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(Seeds, BigValueUnderWrites, testing::Range<uint64_t>(1, 9));

}  // namespace
}  // namespace guccho::rdb

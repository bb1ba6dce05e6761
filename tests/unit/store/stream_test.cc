// Streams against a model of std::map: random appends, deletions, trims and group operations; blocks as Redis packs
// them.
#include "node/store/stream.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "node/base/random.h"
#include "node/store/stream_image.h"
#include "node/store/stream_value.h"

namespace guccho::store {
namespace {

using Fields = std::vector<std::string>;

struct ModelPending {
  std::string consumer;
  int64_t delivered;
  uint64_t deliveries;
  friend bool operator==(const ModelPending&, const ModelPending&) = default;
};
struct ModelGroup {
  StreamId last_id;
  std::map<StreamId, ModelPending> pending;
  std::map<std::string, int64_t> consumers;  // when last seen
  friend bool operator==(const ModelGroup&, const ModelGroup&) = default;
};
struct ModelStream {
  std::map<StreamId, Fields> entries;
  std::map<std::string, ModelGroup> groups;
  StreamId last_id, max_deleted_id;
  uint64_t entries_added = 0;
  friend bool operator==(const ModelStream&, const ModelStream&) = default;
};

Fields fields_of(const StreamEntry& entry) {
  Fields out;
  entry.for_each_field([&](const ListpackElement& field, const ListpackElement& value) {
    IntText scratch;
    out.emplace_back(field.text(scratch));
    out.emplace_back(value.text(scratch));
  });
  return out;
}

ModelStream model_of(const Stream& stream) {
  ModelStream out;
  StreamEntry entry;
  for (StreamWalk walk(stream, StreamId::min(), StreamId::max()); walk.next(entry);) {
    EXPECT_TRUE(out.entries.empty() || out.entries.rbegin()->first < entry.id);
    out.entries[entry.id] = fields_of(entry);
  }
  for (const StreamGroup* group : stream.groups()) {
    ModelGroup& in_model = out.groups[std::string(group->name())];
    in_model.last_id = group->last_id;
    size_t of_consumers = 0;
    for (const StreamConsumer* consumer : group->consumers()) {
      in_model.consumers[std::string(consumer->name())] = consumer->seen.time_since_epoch().count();
      for (auto at = consumer->pending().first(); at; at.next(), ++of_consumers) {
        EXPECT_EQ(group->find(at.id()), at.value());
        EXPECT_EQ(StreamGroup::entry(at)->consumer, consumer);
      }
    }
    EXPECT_EQ(of_consumers, group->pending().size());
    for (auto at = group->pending().first(); at; at.next()) {
      const PendingEntry& pending = *StreamGroup::entry(at);
      in_model.pending[at.id()] = {std::string(pending.consumer->name()), pending.delivered.time_since_epoch().count(),
                                   pending.deliveries};
    }
  }
  out.last_id = stream.last_id;
  out.max_deleted_id = stream.max_deleted_id;
  out.entries_added = stream.entries_added;
  return out;
}

// Well-formed blocks, counts that are right, every byte accounted for.
void check_structure(const Stream& stream) {
  uint64_t entries = 0;
  StreamId before;
  for (auto at = stream.blocks().first(); at; at.next()) {
    StreamBlock::Bounds bounds;
    const auto damage = StreamBlock::damage(Stream::block(at).listpack(), at.id(), bounds);
    ASSERT_EQ(damage, std::nullopt);
    ASSERT_EQ(Stream::block(at).entries(), bounds.entries);
    ASSERT_TRUE(at.id() > before || entries == 0);
    before = bounds.last;
    ASSERT_LE(bounds.last, stream.last_id);
    entries += bounds.entries;
  }
  ASSERT_EQ(stream.length, entries);
  ASSERT_EQ(stream.first_id, stream.first_entry_id());
}

class Driver {
 public:
  explicit Driver(uint64_t seed) : rng_(seed) {
    value.create();
    limits.stream_node_max_bytes = 100 + rng_.below(2000);
    limits.stream_node_max_entries = rng_.below(30);
  }

  void run(int commands) {
    for (int i = 0; i < commands; ++i) command();
  }
  void check() {
    check_structure(*value);
    ASSERT_EQ(model_of(*value), model);
    ASSERT_EQ(keyspace.memory_usage(*value.entry()),
              value->allocated + SlabAllocator::footprint(value.entry()->allocation_size()));
    ASSERT_LE(value->allocated, keyspace.used_bytes());
  }

  Keyspace keyspace{0, 1};
  KeyRef key{key_slot("s"), "s"};
  StreamValue value{keyspace, key, nullptr};
  PackedLimits& limits = keyspace.packed_limits();
  ModelStream model;

 private:
  std::string text() {
    switch (rng_.below(6)) {
      case 0:
        return std::to_string(static_cast<int64_t>(rng_.next()) >> rng_.below(64));
      case 1:
        return std::string(rng_.below(300), 'x');
      case 2:
        return rng_.below(40) == 0 ? std::string(rng_.below(20000), 'y') : "";
      default:
        return std::string(rng_.below(20), static_cast<char>('a' + rng_.below(26)));
    }
  }
  StreamId some_id() {
    if (model.entries.empty() || rng_.below(8) == 0) return {rng_.below(model.last_id.ms + 5), rng_.below(4)};
    auto at = model.entries.lower_bound({rng_.below(model.last_id.ms + 1), 0});
    return at == model.entries.end() ? model.entries.begin()->first : at->first;
  }
  std::string group_name() { return "group" + std::to_string(rng_.below(3)); }
  std::string consumer_name() { return "c" + std::to_string(rng_.below(12)); }

  void append() {
    StreamId id = model.last_id;
    rng_.below(3) == 0 ? id.ms += 1 + rng_.below(1000), id.seq = rng_.below(5) : id.seq += 1 + rng_.below(2);
    Fields fields;
    if (rng_.below(3) != 0) {
      fields = {"temperature", text(), "17", text()};
    } else {
      for (uint64_t n = 1 + rng_.below(4); n > 0; --n) fields.insert(fields.end(), {text(), text()});
    }
    const std::vector<std::string_view> views(fields.begin(), fields.end());
    value.change([&](Stream& s, SlabAllocator& a) { s.append(id, views, limits, a); });
    model.entries[id] = fields;
    model.last_id = id;
    ++model.entries_added;
  }

  void erase() {
    const StreamId id = some_id();
    const bool there = model.entries.erase(id) == 1;
    EXPECT_EQ(value->contains(id), there);
    EXPECT_EQ(value.change([&](Stream& s, SlabAllocator& a) { return s.erase(id, a); }), there);
    if (there && id > model.max_deleted_id) model.max_deleted_id = id;
  }

  void trim() {
    StreamTrim trim{.by = rng_.below(2) == 0 ? StreamTrim::By::kMaxLength : StreamTrim::By::kMinId,
                    .approximate = rng_.below(2) == 0};
    trim.max_length = model.entries.size() - std::min<size_t>(model.entries.size(), rng_.below(40));
    trim.min_id = some_id();
    if (trim.approximate && rng_.below(2) == 0) trim.limit = 1 + rng_.below(30);
    size_t exact = 0;
    for (const auto& [id, fields] : model.entries) {
      const bool goes =
          trim.by == StreamTrim::By::kMinId ? id < trim.min_id : model.entries.size() - exact > trim.max_length;
      if (!goes) break;
      ++exact;
    }
    const uint64_t removed = value.change([&](Stream& s, SlabAllocator& a) { return s.trim(trim, a); });
    if (trim.approximate) {
      ASSERT_LE(removed, exact);
    } else {
      ASSERT_EQ(removed, exact);
    }
    ASSERT_TRUE(trim.limit == 0 || removed <= trim.limit);
    for (uint64_t i = 0; i < removed; ++i) model.entries.erase(model.entries.begin());
  }

  // XSETID back, often to before what was deleted at the end.
  void set_last_id() {
    for (uint64_t n = rng_.below(4); n > 0 && !model.entries.empty(); --n) {
      const StreamId last = model.entries.rbegin()->first;
      EXPECT_TRUE(value.change([&](Stream& s, SlabAllocator& a) { return s.erase(last, a); }));
      model.entries.erase(last);
      model.max_deleted_id = std::max(model.max_deleted_id, last);
    }
    const StreamId least = model.entries.empty() ? StreamId::min() : model.entries.rbegin()->first;
    model.last_id = std::max(least, StreamId{least.ms + rng_.below(model.last_id.ms - least.ms + 1), rng_.below(3)});
    value.change([&](Stream& s, SlabAllocator& a) { s.set_last_id(model.last_id, a); });
  }

  void range() {
    StreamId first = some_id();
    StreamId last = some_id();
    if (rng_.below(3) == 0) last = StreamId::max();
    const bool reverse = rng_.below(2) == 0;
    std::vector<StreamId> expected;
    for (const auto& [id, fields] : model.entries) {
      if (id >= first && id <= last) expected.push_back(id);
    }
    if (reverse) std::reverse(expected.begin(), expected.end());
    std::vector<StreamId> found;
    StreamEntry entry;
    StreamWalk walk(*value, first, last, reverse ? StreamWalk::Direction::kReverse : StreamWalk::Direction::kForward);
    while (walk.next(entry)) {
      found.push_back(entry.id);
      ASSERT_EQ(fields_of(entry), model.entries[entry.id]);
    }
    ASSERT_EQ(found, expected);
  }

  void group_command() {
    const std::string name = group_name();
    const auto in_model = model.groups.find(name);
    StreamGroup* group = value->find_group(name);
    ASSERT_EQ(group != nullptr, in_model != model.groups.end());
    if (group == nullptr) {
      value.change([&](Stream& s, SlabAllocator& a) { s.add_group(name, a); });
      model.groups[name];
      return;
    }
    ModelGroup& expected = in_model->second;
    if (rng_.below(200) == 0) {
      value.change([&](Stream& s, SlabAllocator& a) { s.remove_group(group, a); });
      model.groups.erase(in_model);
      return;
    }
    const std::string consumer_text = consumer_name();
    StreamConsumer* consumer = group->consumers().find(consumer_text);
    ASSERT_EQ(consumer != nullptr, expected.consumers.contains(consumer_text));
    const auto now = static_cast<int64_t>(rng_.below(1000));
    if (consumer == nullptr) {
      value.change([&](Stream&, SlabAllocator& a) {
        consumer = group->add_consumer(consumer_text, UnixMillis(Millis(now)), a);
      });
      expected.consumers[consumer_text] = now;
    }
    switch (rng_.below(5)) {
      case 0:
        if (rng_.below(20) == 0) {
          value.change([&](Stream&, SlabAllocator& a) { group->remove_consumer(consumer, a); });
          expected.consumers.erase(consumer_text);
          std::erase_if(expected.pending, [&](const auto& p) { return p.second.consumer == consumer_text; });
        }
        break;
      case 1:
      case 2:
        for (int i = 0; i < 3 && !expected.pending.empty(); ++i) {
          auto at = expected.pending.lower_bound(some_id());
          const StreamId id = at == expected.pending.end() ? some_id() : at->first;
          EXPECT_EQ(value.change([&](Stream&, SlabAllocator& a) { return group->acknowledge(id, a); }),
                    expected.pending.erase(id) == 1);
        }
        break;
      default:
        for (uint64_t n = rng_.below(10); n > 0; --n) {
          const StreamId id = some_id();
          value.change([&](Stream&, SlabAllocator& a) {
            PendingEntry* pending = group->assign(id, consumer, a);
            pending->delivered = UnixMillis(Millis(now));
            ++pending->deliveries;
          });
          ModelPending& pending = expected.pending[id];
          pending = {consumer_text, now, pending.deliveries + 1};
        }
    }
  }

  void command() {
    switch (rng_.below(12)) {
      case 0:
      case 1:
        return rng_.below(20) == 0 ? set_last_id() : erase();
      case 2:
        return rng_.below(10) == 0 ? trim() : range();
      case 3:
      case 4:
      case 5:
        return group_command();
      default:
        return append();
    }
  }

  Rng rng_;
};

TEST(Stream, RandomCommandsAgainstAModel) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    Driver driver(seed);
    for (int round = 0; round < 15; ++round) {
      driver.run(300);
      driver.check();
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(Stream, DeletedEntriesBehindTheLastIdLeaveTheirBlocks) {
  Keyspace keyspace(0, 1);
  StreamValue value(keyspace, {key_slot("s"), "s"}, nullptr);
  value.create();
  const std::string_view texts[] = {"f", "v"};
  const auto append = [&](StreamId id) {
    value.change([&](Stream& s, SlabAllocator& a) { s.append(id, texts, keyspace.packed_limits(), a); });
  };
  const auto set_last_id = [&](StreamId id) {
    value.change([&](Stream& s, SlabAllocator& a) { s.set_last_id(id, a); });
  };
  for (const uint64_t ms : {10, 60, 70}) append({ms, 1});
  value.change([&](Stream& s, SlabAllocator& a) { return s.erase({60, 1}, a) && s.erase({70, 1}, a); });
  set_last_id({50, 0});
  check_structure(*value);
  EXPECT_EQ(value->last_id, (StreamId{50, 0}));
  EXPECT_EQ(Stream::block(value->blocks().last()).deleted(), 0u);
  append({55, 1});
  append({60, 1});
  check_structure(*value);
  const ModelStream model = model_of(*value);
  EXPECT_EQ(model.entries.size(), 3u);
  EXPECT_TRUE(model.entries.contains({55, 1}) && model.entries.contains({60, 1}));
  // A block in which nothing is left goes as a whole.
  value.change([&](Stream& s, SlabAllocator& a) {
    s.erase({60, 1}, a);
    s.trim({.by = StreamTrim::By::kMinId, .min_id = {60, 1}}, a);
  });
  EXPECT_EQ(value->blocks().size(), 1u);
  set_last_id({5, 0});
  check_structure(*value);
  EXPECT_EQ(value->blocks().size(), 0u);
}

TEST(Stream, CountersEndAtTheGreatestInteger) {
  Keyspace keyspace(0, 1);
  StreamValue value(keyspace, {key_slot("s"), "s"}, nullptr);
  value.create();
  value.change([&](Stream& s, SlabAllocator& a) {
    const std::string_view texts[] = {"f", "v"};
    s.entries_added = Stream::kMaxAdded - 1;
    StreamGroup* group = s.add_group("g", a);
    group->entries_read = Stream::kMaxAdded - 1;
    for (uint64_t i = 1; i <= 3; ++i) {
      s.append({i, 0}, texts, keyspace.packed_limits(), a);
      s.advance(*group, {i, 0});
      EXPECT_EQ(s.entries_added, uint64_t{Stream::kMaxAdded});
      EXPECT_EQ(group->entries_read, Stream::kMaxAdded);
      EXPECT_EQ(s.lag(*group), 0);
    }
  });
}

// A million consumers in the order that is worst to insert: in a row, not each at the front of all before it.
TEST(Stream, ManyConsumersOfAnImageInAnyOrder) {
  constexpr int kConsumers = 1'000'000;
  StreamImage image;
  image.groups.resize(2);
  image.groups[0].name = "h";
  image.groups[1].name = "g";
  for (int i = 2 * kConsumers; i > kConsumers; --i) {
    image.groups[1].consumers.push_back({.name = std::to_string(i), .seen = {}, .active = {}, .pending = {}});
  }
  Keyspace keyspace(0, 1);
  const auto begin = std::chrono::steady_clock::now();
  const Stream& stream = stream_of(*adopt_stream(keyspace, {key_slot("s"), "s"}, std::move(image)));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));  // and not minutes
  EXPECT_EQ(stream.groups()[0]->name(), "g");
  const auto& consumers = stream.groups()[0]->consumers();
  ASSERT_EQ(consumers.size(), size_t{kConsumers});
  EXPECT_EQ(consumers[0]->name(), std::to_string(kConsumers + 1));
  EXPECT_EQ(consumers[kConsumers - 1]->name(), std::to_string(2 * kConsumers));
}

TEST(Stream, CopiesAreWholeAndIndependent) {
  Driver driver(77);
  driver.run(3000);
  const KeyRef to(driver.key.slot, "copy");
  Entry* copy = driver.keyspace.copy(driver.key, to);
  EXPECT_EQ(model_of(stream_of(*copy)), driver.model);
  check_structure(stream_of(*copy));
  const size_t usage = driver.keyspace.memory_usage(*copy);
  driver.run(1000);
  EXPECT_EQ(driver.keyspace.memory_usage(*copy), usage);
  driver.check();
  driver.keyspace.erase(driver.key);
  check_structure(stream_of(*copy));
  driver.keyspace.erase(to);
  while (driver.keyspace.free_step(100)) {
  }
  EXPECT_EQ(driver.keyspace.slot_bytes(driver.key.slot), driver.keyspace.used_bytes());
}

TEST(Stream, FreedInSteps) {
  Driver driver(5);
  driver.run(8000);
  driver.keyspace.erase(driver.key);
  size_t steps = 0;
  while (driver.keyspace.free_step(50)) ++steps;
  EXPECT_GT(steps, 5u);
  EXPECT_EQ(driver.keyspace.slot_bytes(driver.key.slot), driver.keyspace.used_bytes());
}

// Every allocation moves: nothing may still point to where it was.
TEST(Stream, MovesWithAllItsParts) {
  Driver driver(9);
  for (int round = 0; round < 10; ++round) {
    driver.run(200);
    SlabAllocator& alloc = driver.keyspace.allocator();
    std::vector<std::pair<void*, size_t>> old;
    driver.value.change([&](Stream& stream, SlabAllocator& a) {
      stream.defragment(
          [&](void* object, size_t size) {
            void* moved = std::memcpy(alloc.allocate(size), object, size);
            old.emplace_back(object, size);
            return moved;
          },
          a);
      for (const auto& [object, size] : old) {
        std::memset(object, 0xee, size);
        alloc.free(object, size);
      }
    });
    driver.check();
  }
}

TEST(Stream, BlocksAreThoseOfRedis) {
  Keyspace keyspace(0, 1);
  StreamValue value(keyspace, KeyRef(key_slot("s"), "s"), nullptr);
  value.create();
  const auto append = [&](StreamId id, std::vector<std::string_view> texts) {
    value.change([&](Stream& s, SlabAllocator& a) { s.append(id, texts, keyspace.packed_limits(), a); });
  };
  append({100, 1}, {"f", "v", "n", "7"});
  append({105, 0}, {"f", "300", "n", "-5"});
  append({106, 0}, {"g", "h"});
  value.change([&](Stream& s, SlabAllocator& a) { return s.erase({105, 0}, a); });
  using namespace std::string_literals;
  const std::string expected = "\x42\0\0\0\x19\0"s +
                               "\x02\x01\x01\x01\x02\x01\x81"
                               "f\x02\x81"
                               "n\x02\0\x01"s +  // master
                               "\x02\x01\0\x01\0\x01\x81"
                               "v\x02\x07\x01\x05\x01"s +                                         // 100-1
                               "\x03\x01\x05\x01\xdf\xff\x02\xc1\x2c\x02\xdf\xfb\x02\x05\x01"s +  // 105-0, deleted
                               "\0\x01\x06\x01\xdf\xff\x02\x01\x01\x81"
                               "g\x02\x81"
                               "h\x02\x06\x01\xff"s;  // 106-0
  EXPECT_EQ(Stream::block(value->blocks().first()).listpack(), expected);
}

TEST(Stream, BlocksFillUpToTheirLimits) {
  Keyspace keyspace(0, 1);
  keyspace.packed_limits().stream_node_max_entries = 10;
  StreamValue value(keyspace, KeyRef(key_slot("s"), "s"), nullptr);
  value.create();
  for (uint64_t i = 1; i <= 35; ++i) {
    const std::string_view texts[] = {"f", "v"};
    value.change([&](Stream& s, SlabAllocator& a) { s.append({i, 0}, texts, keyspace.packed_limits(), a); });
  }
  EXPECT_EQ(value->blocks().size(), 4u);
  keyspace.packed_limits() = {.stream_node_max_bytes = 200, .stream_node_max_entries = 0};
  const std::string big(150, 'b');
  for (uint64_t i = 36; i <= 40; ++i) {
    const std::string_view texts[] = {"f", big};
    value.change([&](Stream& s, SlabAllocator& a) { s.append({i, 0}, texts, keyspace.packed_limits(), a); });
  }
  EXPECT_EQ(value->blocks().size(), 9u);
  check_structure(*value);
}

TEST(Stream, DamagedBlocksAreNamed) {
  Driver driver(3);
  driver.run(400);
  Rng rng(1);
  size_t refused = 0;
  size_t tried = 0;
  for (auto at = driver.value->blocks().first(); at; at.next()) {
    const std::string whole(Stream::block(at).listpack());
    for (int i = 0; i < 100; ++i, ++tried) {
      std::string damaged = whole;
      damaged[rng.below(damaged.size())] = static_cast<char>(rng.next());
      StreamBlock::Bounds bounds;
      const auto damage = StreamBlock::damage(damaged, at.id(), bounds);
      refused += damage.has_value();
      if (damage) continue;
      // What is accepted can be walked in both directions.
      SlabAllocator alloc;
      StreamBlock* block = StreamBlock::adopt(damaged, alloc);
      StreamBlockWalk walk(*block, at.id());
      StreamEntry entry;
      size_t forward = 0;
      size_t backward = 0;
      while (walk.next(entry)) forward += fields_of(entry).size() < 1000000;
      while (walk.previous(entry)) ++backward;
      EXPECT_EQ(forward, backward);
      block->free(alloc);
    }
  }
  EXPECT_GT(refused, tried / 5);
}

}  // namespace
}  // namespace guccho::store

// RDB: what is written is read back, in pieces of any size; old encodings; damaged and hostile input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "node/base/random.h"
#include "node/base/real.h"
#include "node/rdb/dump.h"
#include "node/rdb/load.h"
#include "node/rdb/packed.h"
#include "node/rdb/reader.h"
#include "node/rdb/writer.h"
#include "node/store/hash_value.h"
#include "node/store/list_value.h"
#include "node/store/set_value.h"
#include "node/store/stream_value.h"
#include "node/store/string_value.h"
#include "node/store/zset_value.h"
#include "tests/unit/rdb/support.h"

namespace guccho::rdb {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

struct StringSink : ByteSink {
  std::string bytes;
  void write(std::string_view b) override { bytes.append(b); }
};

void fill(store::Keyspace& keyspace) {
  const auto ref = [](std::string_view key) { return store::KeyRef(key_slot(key), key); };
  for (const char* n : {"0", "127", "-128", "128", "-129", "32767", "32768", "2147483647", "-2147483648", "2147483648",
                        "-9223372036854775808"}) {
    keyspace.set_string(ref("int"s + n), n);
  }
  for (const size_t size : {0, 20, 21, 63, 64, 5000, 20000, 70000}) {
    keyspace.set_string(ref("repeat" + std::to_string(size)), std::string(size, 'r'));
    std::string noise;
    Rng rng(size + 1);
    while (noise.size() < size) noise.push_back(static_cast<char>(rng.next()));
    keyspace.set_string(ref("noise" + std::to_string(size)), noise, store::Ttl::at(UnixMillis(Millis(1700000000123))));
  }
  keyspace.set_string(ref(std::string(300, 'k')), "long key");
  for (const int fields : {1, 100, 129, 3000}) {
    const std::string name = "hash" + std::to_string(fields);
    store::HashValue hash(keyspace, ref(name), nullptr);
    for (int i = 0; i < fields; ++i) hash.set("field" + std::to_string(i), std::to_string(i * 7919));
  }
  for (const int fields : {1, 100, 129, 3000}) {
    const std::string name = "timed" + std::to_string(fields);
    store::HashValue hash(keyspace, ref(name), nullptr);
    for (int i = 0; i < fields; ++i) {
      const auto when = UnixMillis(Millis(1700000000000 + i * 7919));
      hash.set("field" + std::to_string(i), std::to_string(i), i % 3 != 0 ? store::Ttl::clear() : store::Ttl::at(when));
    }
  }
  for (const int members : {1, 100, 129, 3000}) {
    const std::string name = "zset" + std::to_string(members);
    store::ZsetValue zset(keyspace, ref(name), nullptr);
    for (int i = 0; i < members; ++i) zset.add(i % 7 == 0 ? i : std::sqrt(i) - 20, std::to_string(i * 7919));
    zset.add(-HUGE_VAL, "least");
    zset.add(HUGE_VAL, "greatest");
  }
  fill_stream(keyspace, ref("stream1"), 1);
  fill_stream(keyspace, ref("stream500"), 500);
  store::StreamValue(keyspace, ref("emptystream"), nullptr).create();
  store::HashValue big(keyspace, ref("bigvalue"), nullptr);
  big.set("f", std::string(10000, 'v'));
  keyspace.set_expiry(ref("bigvalue"), big.entry(), UnixMillis(Millis(1800000000000)));
  for (const int members : {1, 100, 400, 3000}) {
    // A KeyRef borrows its bytes.
    const std::string list_name = "list" + std::to_string(members);
    const std::string integers_name = "integers" + std::to_string(members);
    const std::string set_name = "set" + std::to_string(members);
    store::ListValue list(keyspace, ref(list_name), nullptr);
    store::SetValue integers(keyspace, ref(integers_name), nullptr);
    store::SetValue set(keyspace, ref(set_name), nullptr);
    for (int i = 0; i < members; ++i) {
      list.push(store::ListEnd::kHead, "element" + std::to_string(i));
      if (i % 500 == 7) list.push(store::ListEnd::kTail, std::string(10000, 'e'));
      integers.add(std::to_string(i * 7919));
      set.add("member" + std::to_string(i));
    }
  }
}

std::string write_all(store::Keyspace& keyspace, const WriteOptions& options, bool checksum = true) {
  StringSink sink;
  StreamWriter writer(sink, checksum);
  writer.begin({{"redis-ver", "7.2.4"}, {"redis-bits", "64"}, {"repl-offset", "123456789012"}}, {}, keyspace.keys(),
               keyspace.keys_with_expiry(), keyspace.timed_hashes() != 0);
  for (uint16_t s = 0; s < kSlotCount; ++s) {
    std::string records;
    keyspace.for_each_in_slot(Slot(s), [&](const store::Entry& entry) { append_entry(records, entry, options); });
    writer.entries(records);
  }
  writer.finish();
  EXPECT_EQ(writer.size(), sink.bytes.size());
  return sink.bytes;
}

std::string error_of(std::string_view bytes) {
  Loader sink;
  const Status status = read_all(bytes, sink);
  return status ? "no error" : status.error().text;
}

TEST(RdbTest, WrittenIsReadBackInPiecesOfAnySize) {
  store::Keyspace keyspace(0, 1);
  fill(keyspace);
  for (const bool compress : {true, false}) {
    const std::string bytes = write_all(keyspace, {.compress = compress});
    for (const size_t piece : {size_t{1}, size_t{7}, size_t{4096}, SIZE_MAX}) {
      Loader loader;
      const Status status = read_all(bytes, loader, piece);
      ASSERT_TRUE(status) << status.error().text;
      EXPECT_EQ(dump(loader.keyspace), dump(keyspace));
      EXPECT_EQ(loader.aux_fields["repl-offset"], "123456789012");
      EXPECT_EQ(loader.aux_fields["redis-ver"], "7.2.4");
    }
  }
  EXPECT_LT(write_all(keyspace, {.compress = true}).size(), write_all(keyspace, {.compress = false}).size());
}

TEST(RdbTest, BytesAfterTheEndAreNotTaken) {
  store::Keyspace keyspace(0, 1);
  fill(keyspace);
  const std::string bytes = write_all(keyspace, {});
  const std::string marker(40, 'm');
  Collector sink;
  Reader reader(sink);
  ASSERT_EQ(*reader.feed(bytes.substr(0, bytes.size() - 3)), bytes.size() - 3);
  EXPECT_FALSE(reader.finished());
  EXPECT_EQ(*reader.feed(bytes.substr(bytes.size() - 3) + marker), 3u);
  EXPECT_TRUE(reader.finished());
  EXPECT_EQ(reader.offset(), bytes.size());
  EXPECT_EQ(*reader.feed("more"), 0u);
}

TEST(RdbTest, EveryTruncationSaysWhereItEnds) {
  store::Keyspace keyspace(0, 1);
  keyspace.set_string(store::KeyRef(Slot(0), "a"), std::string(100, 'x'));
  store::HashValue(keyspace, store::KeyRef(Slot(1), "h"), nullptr).set("f", "v");
  const std::string bytes = write_all(keyspace, {});
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(error_of(std::string_view(bytes).substr(0, size)),
              "rdb: offset " + std::to_string(size) + ": the stream ends early");
  }
}

TEST(RdbTest, ChecksumIsCheckedUnlessZero) {
  store::Keyspace keyspace(0, 1);
  keyspace.set_string(store::KeyRef(Slot(0), "a"), "some text");
  std::string bytes = write_all(keyspace, {});
  bytes[bytes.find("some")] ^= 1;
  EXPECT_THAT(error_of(bytes), HasSubstr("wrong checksum"));
  EXPECT_THAT(error_of(bytes), HasSubstr("offset " + std::to_string(bytes.size() - 8)));
  bytes = write_all(keyspace, {}, false);
  EXPECT_EQ(bytes.substr(bytes.size() - 8), std::string(8, '\0'));
  bytes[bytes.find("some")] ^= 1;
  EXPECT_EQ(error_of(bytes), "no error");
}

TEST(RdbTest, OldEncodingsOfHashes) {
  // {a: 1, b: 300, long: <70 bytes>} as the older servers packed it.
  const std::string long_value(70, 'L');
  const std::string ziplist_body =
      "\x00\x01"
      "a\x03\xf2\x02\x01"
      "b\x03\xc0\x2c\x01\x04\x04long\x06\x40\x46"s +
      long_value + "\xff";
  const auto u32 = [](size_t n) {
    return std::string{static_cast<char>(n), static_cast<char>(n >> 8), static_cast<char>(n >> 16), '\0'};
  };
  const size_t total = 10 + ziplist_body.size();
  const size_t last = total - 1 - (1 + 2 + long_value.size());
  const std::string ziplist = u32(total) + u32(last) + "\x06\x00"s + ziplist_body;
  const auto elements = read_ziplist(ziplist);
  ASSERT_TRUE(elements.has_value());
  EXPECT_EQ(*elements, (std::vector<std::string>{"a", "1", "b", "300", "long", long_value}));

  const std::string zipmap =
      "\x02\x03"
      "foo\x03\x00"
      "bar\x05hello\x05\x02world..\xff"s;
  EXPECT_EQ(read_zipmap(zipmap), (std::vector<std::string>{"foo", "bar", "hello", "world"}));

  std::string bytes = kHead;
  const auto add = [&bytes](char type, std::string_view key, std::string_view blob) {
    bytes.push_back(type);
    append_string(bytes, key, false);
    append_string(bytes, blob, false);
  };
  add(13, "z", ziplist);
  add(9, "m", zipmap);
  Loader loader;
  const Status status = read_all(bytes + kEnd, loader);
  ASSERT_TRUE(status) << status.error().text;
  EXPECT_EQ(dump(loader.keyspace)["m"], "listpack foo=bar;hello=world;");
  EXPECT_EQ(dump(loader.keyspace)["z"], "hashtable a=1;b=300;long=" + long_value + ";");
}

TEST(RdbTest, SortedSetsInEveryEncoding) {
  const std::string binary = "\x05\x01"s + "b\x03" + "\x01z\0\0\0\0\0\0\xf0\x7f"s +
                             "\x02yy\x9a\x99\x99\x99\x99\x99\xf1\x3f"s + "\xc0\x07\0\0\0\0\0\0\xf0\xbf"s;
  const std::string text = "\x03\x01"s + "t\x03" + "\x01z\xfe\x01y\x03" + "1.5" + "\x01x\xff";
  // a: 1, b: 2.5, as the older servers packed it.
  const std::string ziplist =
      "\x0c\x01p\x18\x18\0\0\0\x12\0\0\0\x04\0\0\x01"s + "a\x03\xf2\x02\x01" + "b\x03\x03" + "2.5" + "\xff";
  Loader loader;
  const Status status = read_all(kHead + binary + text + ziplist + kEnd, loader, 1);
  ASSERT_TRUE(status) << status.error().text;
  EXPECT_EQ(dump(loader.keyspace)["b"], "listpack 7=-1;yy=1.1000000000000001;z=inf;");
  EXPECT_EQ(dump(loader.keyspace)["t"], "listpack x=-inf;y=1.5;z=inf;");
  EXPECT_EQ(dump(loader.keyspace)["p"], "listpack a=1;b=2.5;");
}

TEST(RdbTest, DamagedSortedSetsAreRefused) {
  const auto packed = [](std::initializer_list<const char*> elements) {
    store::SlabAllocator alloc;
    store::ListpackBlock block = store::ListpackBlock::make(alloc);
    for (const char* element : elements) block.append(element);
    std::string out = "\x11\x01z";
    append_string(out, {static_cast<const char*>(block.external().data), block.external().size}, false);
    block.release();
    return kHead + out;
  };
  const std::string damaged = "rdb: offset 12: a sorted set whose listpack is damaged";
  EXPECT_EQ(error_of(packed({"a", "2", "b", "1"})), damaged);
  EXPECT_EQ(error_of(packed({"a", "1", "a", "2"})), damaged);
  EXPECT_EQ(error_of(packed({"a", "nan"})), damaged);
  EXPECT_EQ(error_of(packed({"a", "x"})), damaged);
  EXPECT_EQ(error_of(packed({"a"})), damaged);
  EXPECT_EQ(error_of(packed({"a", "1", "b", "2"}) + kEnd), "no error");
  const std::string one = "\0\0\0\0\0\0\xf0\x3f"s;
  EXPECT_EQ(error_of(kHead + "\x05\x01z\x01\x01"s + "a" + "\0\0\0\0\0\0\xf8\x7f"s),
            "rdb: offset 13: a score that is no number");
  EXPECT_EQ(error_of(kHead + "\x05\x01z\x02\x01"s + "a" + one + "\x01"s + "a" + one),
            "rdb: offset 23: a sorted set with a member twice");
  EXPECT_EQ(error_of(kHead + "\x03\x01z\x01\x01"s + "a\xfd"), "rdb: offset 13: a score that is no number");
  EXPECT_EQ(error_of(kHead + "\x03\x01z\x01\x01"s + "a\x02" + "1x"), "rdb: offset 13: a score that is no number");
  EXPECT_EQ(error_of(kHead + "\x0c\x01z\x03"s + "abc"), "rdb: offset 12: a sorted set as ziplist that is damaged");
}

TEST(RdbTest, EmptySortedSetsAreLeftOut) {
  Collector sink;
  Reader reader(sink);
  ASSERT_TRUE(reader.feed(kHead + "\x05\x01z\x00"s + "\x11\x01y\x07\x07\0\0\0\0\0\xff"s + kEnd));
  EXPECT_EQ(reader.empty_keys(), 2u);
  EXPECT_TRUE(sink.records.empty());
}

TEST(RdbTest, ExpiryIdleFrequencyAndFunctions) {
  Collector sink;
  // A function library; database 0 and its sizes; keys that expire at 16 s, were idle for 128 s, have frequency 7.
  const std::string bytes = kHead + "\xf5\x04"s + "code" + "\xfe\x00\xfb\x03\x01"s + "\xfd\x10\x00\x00\x00\x00\x01"s +
                            "a\x01" + "1" + "\xf8\x40\x80\x00\x01"s + "b\x01" + "2" + "\xf9\x07\x00\x01"s + "c\x01" +
                            "3" + kEnd;
  const Status status = read_all(bytes, sink, 1);
  ASSERT_TRUE(status) << status.error().text;
  EXPECT_EQ(sink.functions, std::vector<std::string>{"code"});
  EXPECT_EQ(sink.records["a"].expiry, UnixMillis(Millis(16000)));
  EXPECT_EQ(sink.records["b"].idle_seconds, 128u);
  EXPECT_EQ(sink.records["b"].expiry, std::nullopt);
  EXPECT_EQ(sink.records["c"].frequency, 7);
}

TEST(RdbTest, OldFormsOfListsAndSets) {
  const auto field = [](const std::string& bytes) { return std::string(1, static_cast<char>(bytes.size())) + bytes; };
  // Ziplist of "a" and 5.
  const std::string ziplist = "\x10\0\0\0\x0d\0\0\0\x02\0"s + "\0\x01"s + "a" + "\x03\xf6"s + "\xff";
  const std::string listpack = "\x0c\0\0\0\x02\0\x81"s + "a\x02\x05\x01\xff"s;
  std::string bytes = kHead;
  bytes += "\x01\x01"s + "1" + "\x02\x01" + "a\xc0\x05"s;
  bytes += "\x0a\x01"s + "2" + field(ziplist);
  bytes += "\x0e\x01"s + "3" + "\x02" + field(ziplist) + field(ziplist);
  bytes += "\x12\x01"s + "4" + "\x02\x01\x01" + "p\x02" + field(listpack);
  bytes += "\x02\x01"s + "5" + "\x02\x01" + "a\xc0\x05"s;
  bytes += "\x14\x01"s + "6" + field(listpack);
  bytes += "\x0b\x01"s + "7" + field("\x02\0\0\0\x02\0\0\0\x05\0\x06\0"s);
  for (const size_t piece : {size_t{1}, SIZE_MAX}) {
    Loader loader;
    const Status status = read_all(bytes + kEnd, loader, piece);
    ASSERT_TRUE(status) << status.error().text;
    const std::map<std::string, std::string> expected = {
        {"1", "listpack a;5;"}, {"2", "listpack a;5;"}, {"3", "listpack a;5;a;5;"}, {"4", "quicklist p;a;5;"},
        {"5", "listpack 5;a;"}, {"6", "listpack 5;a;"}, {"7", "intset 5;6;"},
    };
    EXPECT_EQ(dump(loader.keyspace), expected);
  }
}

// The layout of types 24 and 25, as Redis 7.4 writes them.
TEST(RdbTest, HashesWithFieldsThatExpire) {
  const std::string earliest = "\x88\x13\0\0\0\0\0\0"s;  // 5000
  const std::string listpack =
      "\x17\0\0\0\x06\0\x81"s + "a\x02\x01\x01\xf1\x88\x13\x03\x81" + "b\x02\x02\x01\0\x01\xff"s;
  const std::string packed = "\x19\x01p"s + earliest + "\x17" + listpack;
  const std::string pairs =
      "\x18\x01t"s + earliest + "\x03" + "\x00\x04keep\x02v1"s + "\x01\x03ttl\x02v2" + "\x40\x65\x04ttl2\x02v3";
  for (const size_t piece : {size_t{1}, SIZE_MAX}) {
    Loader loader;
    loader.keyspace.packed_limits().hash_max_listpack_entries = 2;
    const Status status = read_all("REDIS0012" + packed + pairs + kEnd, loader, piece);
    ASSERT_TRUE(status) << status.error().text;
    const std::map<std::string, std::string> expected = {{"p", "listpackex a=1@5000;b=2;"},
                                                         {"t", "hashtable keep=v1;ttl=v2@5000;ttl2=v3@5100;"}};
    EXPECT_EQ(dump(loader.keyspace), expected);
    std::string out;
    append_entry(out, *loader.keyspace.find(store::KeyRef(key_slot("p"), "p")), {.compress = false});
    EXPECT_EQ(out, packed);
    // Of a table the order is the hash's: as long, and the same when read.
    out.clear();
    append_entry(out, *loader.keyspace.find(store::KeyRef(key_slot("t"), "t")), {.compress = false});
    EXPECT_EQ(out.size(), pairs.size());
    EXPECT_EQ(out.substr(0, 12), pairs.substr(0, 12));
  }
  // With no expiry at all: the form without them is written, the form with them is read.
  Loader loader;
  const std::string none = "\x0e\0\0\0\x03\0\x81"s + "a\x02\x01\x01\0\x01\xff"s;
  ASSERT_TRUE(read_all("REDIS0012" + "\x19\x01p\0\0\0\0\0\0\0\0\x0e"s + none + kEnd, loader));
  EXPECT_EQ(dump(loader.keyspace)["p"], "listpack a=1;");
  store::HashValue hash(loader.keyspace, store::KeyRef(key_slot("p"), "p"),
                        loader.keyspace.find(store::KeyRef(key_slot("p"), "p")));
  hash.set_expiry("a", UnixMillis(Millis(9)));
  hash.persist("a");
  std::string out;
  append_entry(out, *hash.entry(), {});
  EXPECT_EQ(out,
            "\x04\x01p\x01\x01"
            "a\xc0\x01"s);
}

TEST(RdbTest, TheVersionSaysThatFieldsExpire) {
  store::Keyspace keyspace(0, 1);
  const store::KeyRef key(Slot(1), "h");
  store::HashValue(keyspace, key, nullptr).set("f", "v");
  EXPECT_TRUE(write_all(keyspace, {}).starts_with("REDIS0010"));
  EXPECT_EQ(rdb::dump(*keyspace.find(key)).substr(rdb::dump(*keyspace.find(key)).size() - 10, 2), "\x0a\0"s);
  store::HashValue(keyspace, key, keyspace.find(key)).set_expiry("f", UnixMillis(Millis(7)));
  EXPECT_TRUE(write_all(keyspace, {}).starts_with("REDIS0012"));
  const std::string payload = rdb::dump(*keyspace.find(key));
  EXPECT_EQ(payload.substr(payload.size() - 10, 2), "\x0c\0"s);
  EXPECT_TRUE(is_dump(payload));
  Result<Record> record = restore(payload);
  ASSERT_TRUE(record) << record.error().text;
  record->key = "other";
  ASSERT_TRUE(load(keyspace, std::move(*record)));
  EXPECT_EQ(dump(keyspace)["other"], "listpackex f=v@7;");
}

TEST(RdbTest, RefusalsNameWhatAndWhere) {
  const struct {
    std::string bytes;
    std::string error;
  } cases[] = {
      {"HELLO0010", "rdb: offset 0: not an RDB: no \"REDIS\" at its start"},
      {"REDIS00x0", "rdb: offset 0: not an RDB: its version is not a number"},
      {"REDIS0099", "rdb: offset 0: RDB version 99 cannot be read, only 1 to 12"},
      {kHead + "\x63\x01k"s, "rdb: offset 9: unknown value type 99"},
      {kHead + "\xfe\x02"s, "rdb: offset 9: database 2: only database 0 exists here"},
      {kHead + "\xf7\x02"s, "rdb: offset 9: module data is not supported"},
      {kHead + "\x00\x01k\x81\x00\x00\x00\x02\x00\x00\x00\x00"s,
       "rdb: offset 12: a string of 8589934592 bytes; at most 4294967295 are supported"},
      {kHead + "\x00\x01k\xc7"s, "rdb: offset 12: unknown string encoding 0xc7"},
      {kHead + "\x00\x01k\x82"s, "rdb: offset 12: unknown length encoding 0x82"},
      {kHead + "\x00\x01k\xc3\x01\x80\x10\x00\x00\x00z"s,
       "rdb: offset 12: a compressed string whose sizes cannot be right"},
      {kHead + "\x00\x01k\xc3\x03\x10\x20zz"s, "rdb: offset 12: a compressed string that does not decompress"},
      {kHead + "\x04\x01h\xc0"s, "rdb: offset 12: byte 0xc0 where a length was expected"},
      {kHead + "\x04\x01h\x02\x01"s + "f\x01v\x01" + "f\x01w", "rdb: offset 19: a hash with a field twice"},
      {kHead + "\x10\x01h\x03"s + "abc", "rdb: offset 12: a hash whose listpack is damaged"},
      {kHead + "\x18\x01h\x01\0\0\0\0\0\x01\0\x01"s, "rdb: offset 12: a hash with an expiry that cannot be right"},
      {kHead + "\x18\x01h\x01\0\0\0\0\0\0\0\x01\x81\xff\xff\xff\xff\xff\xff\xff\xff\x01"s + "f\x01v",
       "rdb: offset 21: a hash with an expiry that cannot be right"},
      {kHead + "\x18\x01h\x01\0\0\0\0\0\0\0\x02\x01\x01"s + "f\x01v\0\x01"s + "f\x01w",
       "rdb: offset 26: a hash with a field twice"},
      {kHead + "\x19\x01h\x01\0\0\0\0\0\0\0\x03"s + "abc", "rdb: offset 20: a hash whose listpack is damaged"},
      {kHead + "\x19\x01h\x01\0\0\0\0\0\0\0\x0c\x0c\0\0\0\x02\0\x81"s + "a\x02\x05\x01\xff"s,
       "rdb: offset 20: a hash with a field that has no value or no expiry"},
      {kHead + "\x19\x01h\x01\0\0\0\0\0\0\0\x0f\x0f\0\0\0\x03\0\x81"s + "a\x02\x05\x01\x81" + "x\x02\xff"s,
       "rdb: offset 20: a hash with an expiry that cannot be right"},
      {kHead + "\x0d\x01h\x03"s + "abc", "rdb: offset 12: a hash as ziplist that is damaged"},
      {kHead + "\x09\x01h\x03"s + "abc", "rdb: offset 12: a hash as zipmap that is damaged"},
      {kHead + "\x0a\x01l\x03"s + "abc", "rdb: offset 12: a list as ziplist that is damaged"},
      {kHead + "\x0e\x01l\x01\x03"s + "abc", "rdb: offset 13: a list as quicklist of ziplists that is damaged"},
      {kHead + "\x12\x01l\x01\x02\x03"s + "abc", "rdb: offset 13: a list with a listpack that is damaged"},
      {kHead + "\x12\x01l\x01\x03\x03"s + "abc", "rdb: offset 13: a list node of unknown kind 3"},
      {kHead + "\x12\x01l\x01\xc0\x03"s + "abc", "rdb: offset 13: byte 0xc0 where a length was expected"},
      {kHead + "\x0b\x01s\x03"s + "abc", "rdb: offset 12: a set whose intset is damaged"},
      {kHead + "\x14\x01s\x03"s + "abc", "rdb: offset 12: a set whose listpack is damaged"},
      {kHead + "\x14\x01s\x0d\x0d\x00\x00\x00\x02\x00"s + "\x81" + "a\x02\x81" + "a\x02\xff",
       "rdb: offset 12: a set with a member twice"},
      {kHead + "\x02\x01s\x02\x01"s + "a\x01" + "a", "rdb: offset 15: a set with a member twice"},
  };
  for (const auto& c : cases) EXPECT_EQ(error_of(c.bytes), c.error);
}

// A block with the one entry 5-0 {f: v}, as a string of RDB.
const std::string kBlock =
    "\x1d"
    "\x1d\0\0\0\x0a\0"
    "\x01\x01\0\x01\x01\x01\x81"
    "f\x02\0\x01"
    "\x02\x01\0\x01\0\x01\x81v\x02\x04\x01\xff"s;

std::string raw_id(uint64_t ms, uint64_t seq) {
  std::string out;
  for (const uint64_t part : {ms, seq}) {
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(part >> shift));
  }
  return out;
}

TEST(RdbTest, DamagedStreamsAreNamed) {
  const auto stream = [](const std::string& rest) { return kHead + "\x13\x01s"s + rest; };
  const std::string master = "\x10"s + raw_id(5, 0);
  const std::string one = "\x01"s + master + kBlock;
  // Length 1, last id 5-0, first id 5-0, nothing deleted, one added; one group g that read up to 5-0.
  const std::string numbers = "\x01\x05\0\x05\0\0\0\x01"s;
  const std::string group = numbers + "\x01\x01g\x05\0\x01"s;
  const std::string pending = "\x01"s + raw_id(5, 0) + std::string(8, '\0') + "\x01";
  const std::string consumer = "\x01"s + "a" + std::string(8, '\0');
  EXPECT_EQ(error_of(stream(one + numbers + "\0"s) + kEnd), "no error");
  EXPECT_EQ(error_of(stream(one + group + pending + "\x01" + consumer + "\x01" + raw_id(5, 0)) + kEnd), "no error");
  const struct {
    std::string rest;
    std::string error;
  } cases[] = {
      {"\x01\x03"
       "abc" +
           kBlock,
       "a stream with a master id that is not 16 bytes"},
      {"\x01" + master +
           "\x03"
           "abc",
       "a stream whose block 5-0 is damaged: not a listpack"},
      {"\x02" + master + kBlock + master + kBlock, "a stream whose block 5-0 is damaged: ids that do not ascend"},
      {one + "\x02\x05\0\x05\0\0\0\x01\0"s, "a stream said to have 2 entries that has 1"},
      {one + "\x01\x04\0\x05\0\0\0\x01\0"s, "a stream whose last id 4-0 is before an entry"},
      {one + group + pending + "\0"s, "a stream whose group 'g' has a pending entry without a consumer"},
      {one + group + "\0\x01"s + consumer + "\x01" + raw_id(5, 0),
       "a stream whose group 'g' has a consumer with 5-0, which is not pending"},
      {one + group + pending + "\x01" + consumer + "\x02" + raw_id(5, 0) + raw_id(5, 0),
       "a stream whose group 'g' has two consumers with 5-0"},
      {one + group + "\0\x02"s + consumer + "\0"s + consumer + "\0"s, "a stream whose group 'g' has a consumer twice"},
      {one + numbers + "\x02\x01g\x05\0\x01\0\0\x01g\x05\0\x01\0\0"s, "a stream with a group twice"},
  };
  for (const auto& c : cases) EXPECT_THAT(error_of(stream(c.rest)), testing::EndsWith(": " + c.error));
}

// Type 15 knows nothing of what was deleted or read, type 21 also when consumers were active.
TEST(RdbTest, OtherFormsOfStreams) {
  const std::string one = "\x01\x10"s + raw_id(5, 0) + kBlock;
  const std::string time = "\x10\0\0\0\0\0\0\0"s;
  Loader loader;
  const std::string first = "\x0f\x01s"s + one +
                            "\x01\x09\0\x01\x01g\x05\0\0\x01\x01"
                            "a"s +
                            time + "\0"s;
  const std::string third = "\x15\x01t"s + one +
                            "\x01\x09\0\x05\0\x03\0\x04\x01\x01g\x05\0\x03\0\x01\x01"
                            "a"s +
                            time + "\x11\0\0\0\0\0\0\0\0"s;
  const Status status = read_all(kHead + first + third + kEnd, loader, 1);
  ASSERT_TRUE(status) << status.error().text;
  const auto stream = [&](const char* name) -> const store::Stream& {
    return store::stream_of(*loader.keyspace.find(store::KeyRef(key_slot(name), name)));
  };
  EXPECT_EQ(stream("s").entries_added, 1u);
  EXPECT_EQ(stream("s").first_id, (store::StreamId{5, 0}));
  EXPECT_EQ(stream("s").find_group("g")->entries_read, 1);
  EXPECT_EQ(stream("s").find_group("g")->consumers()[0]->active, UnixMillis(Millis(16)));
  EXPECT_EQ(stream("t").entries_added, 4u);
  EXPECT_EQ(stream("t").find_group("g")->entries_read, 3);
  EXPECT_EQ(stream("t").find_group("g")->consumers()[0]->active, UnixMillis(Millis(17)));
}

// Redis' XSETID leaves entries that were deleted behind the last id, and its counters may pass what INT64 holds.
TEST(RdbTest, StreamsAsXsetidLeavesThem) {
  store::Keyspace keyspace(0, 1);
  store::StreamValue value(keyspace, {key_slot("s"), "s"}, nullptr);
  value.create();
  const std::string_view texts[] = {"f", "v"};
  value.change([&](store::Stream& s, store::SlabAllocator& a) {
    for (const uint64_t ms : {10, 60}) s.append({ms, 1}, texts, keyspace.packed_limits(), a);
    s.erase({60, 1}, a);
    s.last_id = {50, 0};
    s.entries_added = uint64_t{1} << 63;
  });
  Loader loader;
  const Status status = read_all(write_all(keyspace, {}, false), loader);
  ASSERT_TRUE(status) << status.error().text;
  const store::KeyRef key(key_slot("s"), "s");
  store::StreamValue loaded(loader.keyspace, key, loader.keyspace.find(key));
  EXPECT_EQ(loaded->last_id, (store::StreamId{50, 0}));
  EXPECT_EQ(loaded->entries_added, uint64_t{store::Stream::kMaxAdded});
  loaded.change([&](store::Stream& s, store::SlabAllocator& a) {
    s.append({55, 1}, texts, loader.keyspace.packed_limits(), a);
  });
  Loader again;
  const Status second = read_all(write_all(loader.keyspace, {}, false), again);
  ASSERT_TRUE(second) << second.error().text;
  EXPECT_EQ(dump(again.keyspace), dump(loader.keyspace));
}

TEST(RdbTest, EmptyCollectionsAreLeftOutAndCounted) {
  Collector sink;
  Reader reader(sink);
  const std::string empty_pack = "\x07\x07\x00\x00\x00\x00\x00\xff"s;
  ASSERT_TRUE(reader.feed(kHead + "\x04\x01h\x00"s + "\x01\x01l\x00"s + "\x12\x01m\x01\x02"s + empty_pack +
                          "\x02\x01s\x00"s + "\x14\x01t"s + empty_pack +
                          "\x0b\x01u\x08\x02\x00\x00\x00\x00\x00\x00\x00"s + kEnd));
  EXPECT_TRUE(reader.finished());
  EXPECT_EQ(reader.empty_keys(), 6u);
  EXPECT_TRUE(sink.records.empty());
}

// A length that promises gigabytes takes no memory before the bytes are there.
TEST(RdbTest, HostileCountsWaitForTheirBytes) {
  Collector sink;
  Reader reader(sink);
  ASSERT_TRUE(reader.feed(kHead + "\x04\x01h\x81\x00\xff\xff\xff\xff\xff\xff\xff"s));
  ASSERT_TRUE(reader.feed("\x01"s + "f\x01v"));
  EXPECT_FALSE(reader.finished());
  EXPECT_THAT(reader.end_of_input().error().text, HasSubstr("ends early"));
}

TEST(RdbTest, DamagedStreamsAreRefusedOrRead) {
  store::Keyspace keyspace(0, 1);
  fill(keyspace);
  for (const std::string_view large :
       {"hash3000", "zset3000", "list3000", "integers3000", "set3000", "list400", "set400"}) {
    keyspace.erase(store::KeyRef(key_slot(large), large));
  }
  const std::string bytes = write_all(keyspace, {}, false);
  Rng rng(9);
  int refused = 0;
  for (int i = 0; i < 1500; ++i) {
    std::string damaged = bytes;
    for (uint64_t n = 1 + rng.below(4); n > 0; --n) {
      damaged[9 + rng.below(damaged.size() - 9)] = static_cast<char>(rng.next());
    }
    Loader loader;
    refused += !read_all(damaged, loader);
  }
  EXPECT_GT(refused, 50);
  for (int i = 0; i < 50000; ++i) {
    std::string noise = i % 2 ? "\x10\0\0\0\x0a\0\0\0\x02\0"s : "\x02"s;
    while (noise.size() < 16) noise.push_back(static_cast<char>(rng.below(4) ? rng.below(6) : rng.next()));
    read_ziplist(noise);
    read_zipmap(noise);
  }
}

}  // namespace
}  // namespace guccho::rdb

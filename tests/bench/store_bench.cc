// Memory and time of the store: resident bytes a key above key and value, nanoseconds a lookup and an insertion, and
// the longest single insertion. Prints; asserts nothing. Usage: store_bench [keys in millions, default 2]
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "node/base/random.h"
#include "node/store/hash_value.h"
#include "node/store/keyspace.h"

namespace {

using namespace guccho;
using namespace guccho::store;

// CPU time of this thread: other work on the machine does not count.
struct Clock {
  using rep = int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<Clock>;
  static constexpr bool is_steady = true;
  static time_point now() {
    timespec ts;
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return time_point(std::chrono::seconds(ts.tv_sec) + std::chrono::nanoseconds(ts.tv_nsec));
  }
};

constexpr size_t kKeySize = 16;
constexpr size_t kValueSize = 16;

size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  size_t total = 0;
  size_t resident = 0;
  statm >> total >> resident;
  return resident * 4096;
}

// "key:000000000123": 16 bytes.
struct KeyName {
  char text[kKeySize];
  explicit KeyName(uint64_t n) {
    std::fill_n(text, kKeySize, '0');
    std::copy_n("key:", 4, text);
    for (size_t i = kKeySize; n > 0; n /= 10) text[--i] = static_cast<char>('0' + n % 10);
  }
  std::string_view view() const { return {text, kKeySize}; }
};

KeyRef ref(const KeyName& name) {
  return {key_slot(name.view()), name.view()};
}

std::string random_value(Rng& rng, size_t size) {
  std::string value;
  while (value.size() < size) value.push_back(static_cast<char>('a' + rng.below(26)));
  return value;
}

double nanos_since(Clock::time_point start, size_t operations) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count() / static_cast<double>(operations);
}

void memory(size_t keys, bool with_ttl) {
  const size_t empty = resident_bytes();
  Keyspace keyspace(0, 1);
  const size_t start = resident_bytes();
  Rng rng(1);
  const std::string value = random_value(rng, kValueSize);
  const Ttl ttl = with_ttl ? Ttl::at(UnixMillis(Millis(4'000'000'000'000))) : Ttl::clear();
  std::printf("%s: empty tables %.1f MB; bytes a key above key and value:", with_ttl ? "with TTL" : "without TTL",
              static_cast<double>(start - empty) / 1e6);
  double worst = 0;
  for (size_t n = 0; n < keys; ++n) {
    keyspace.set_string(ref(KeyName(n)), value, ttl);
    const size_t count = n + 1;
    if (count % (keys / 20) != 0) continue;
    const double overhead = static_cast<double>(resident_bytes() - start) / static_cast<double>(count) -
                            static_cast<double>(kKeySize + kValueSize);
    if (count >= keys / 2) {
      worst = std::max(worst, overhead);
      std::printf(" %.1f", overhead);
    }
  }
  std::printf("; worst %.1f (allocated %.1f, held %.1f)\n", worst,
              static_cast<double>(keyspace.used_bytes()) / static_cast<double>(keys) - 32,
              static_cast<double>(keyspace.held_bytes()) / static_cast<double>(keys) - 32);
  // Half of them go at random, and come back with other sizes.
  for (size_t n = 0; n < keys; ++n) {
    if (rng.below(2)) keyspace.erase(ref(KeyName(n)));
  }
  size_t payload = keyspace.keys() * (kKeySize + kValueSize);
  for (size_t n = 0; keyspace.keys() < keys; ++n) {
    const KeyName name(n);
    if (keyspace.find(ref(name))) continue;
    const size_t size = 8 + rng.below(32);
    keyspace.set_string(ref(name), std::string_view(value + value + value).substr(0, size), ttl);
    payload += kKeySize + size;
  }
  const auto overhead = [&] {
    return (static_cast<double>(resident_bytes() - start) - static_cast<double>(payload)) /
           static_cast<double>(keyspace.keys());
  };
  std::printf("  a random half deleted and written again with 8 to 39 bytes: %.1f", overhead());
  const auto begin = Clock::now();
  while (keyspace.defragment_step(1000, 1000)) {
  }
  std::printf("; defragmented in %.2f s: %.1f\n", nanos_since(begin, 1'000'000'000), overhead());
}

void speed(size_t keys) {
  Keyspace keyspace(0, 1);
  Rng rng(2);
  const std::string value = random_value(rng, kValueSize);
  auto start = Clock::now();
  for (size_t n = 0; n < keys; ++n) keyspace.set_string(ref(KeyName(n)), value);
  const double insert = nanos_since(start, keys);

  std::vector<KeyName> names;
  constexpr size_t kLookups = 1 << 20;
  for (size_t i = 0; i < kLookups; ++i) names.emplace_back(rng.below(keys));
  const UnixMillis now{Millis(1)};
  size_t found = 0;
  start = Clock::now();
  for (const KeyName& name : names) found += keyspace.find_live(ref(name), now) != nullptr;
  const double find = nanos_since(start, kLookups);

  // As a worker executes a batch of 16.
  start = Clock::now();
  for (size_t i = 0; i + 16 <= kLookups; i += 16) {
    std::vector<KeyRef> batch;
    batch.reserve(16);
    for (size_t j = 0; j < 16; ++j) batch.push_back(ref(names[i + j]));
    for (const KeyRef& key : batch) keyspace.prefetch_bucket(key);
    for (const KeyRef& key : batch) keyspace.prefetch_entry(key);
    for (const KeyRef& key : batch) found += keyspace.find_live(key, now) != nullptr;
  }
  const double batched = nanos_since(start, kLookups);

  start = Clock::now();
  for (const KeyName& name : names) keyspace.set_string(ref(name), value);
  const double overwrite = nanos_since(start, kLookups);
  start = Clock::now();
  for (const KeyName& name : names) found += ref(name).hash & 1;
  const double name_cost = nanos_since(start, kLookups);
  std::printf(
      "ns: slot and hash %.0f; with them: insert %.0f, find %.0f, find in batches of 16 %.0f, overwrite %.0f (%zu "
      "found)\n",
      name_cost, insert, find, batched, overwrite, found);
}

// One slot, where the directory doubles; each insertion timed.
void one_slot(size_t keys) {
  Keyspace keyspace(0, 1);
  double longest = 0;
  for (size_t n = 0; n < keys; ++n) {
    const KeyName name(n);
    const KeyRef key(Slot(0), name.view());
    const auto begin = Clock::now();
    keyspace.set_string(key, "value");
    longest = std::max(longest, std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  std::printf("one slot of %zu keys: longest insertion %.0f us, structure and entries %.1f bytes a key above 21\n",
              keys, longest, static_cast<double>(keyspace.used_bytes()) / static_cast<double>(keys) - 21);
}

void hashes() {
  const size_t start = resident_bytes();
  Keyspace keyspace(0, 1);
  constexpr size_t kHashes = 20000;
  constexpr size_t kFields = 50;
  for (size_t n = 0; n < kHashes; ++n) {
    const KeyName name(n);
    HashValue hash(keyspace, ref(name), nullptr);
    for (size_t f = 0; f < kFields; ++f) hash.set("field" + std::to_string(f), "value" + std::to_string(f));
  }
  std::printf("hash of %zu fields: %.0f bytes a hash\n", kFields,
              static_cast<double>(resident_bytes() - start) / static_cast<double>(kHashes));
}

}  // namespace

int main(int argc, char** argv) {
  const size_t keys = static_cast<size_t>((argc > 1 ? std::atof(argv[1]) : 2.0) * 1e6);
  std::printf("resident at start %.1f MB\n", static_cast<double>(resident_bytes()) / 1e6);
  memory(keys, false);
  memory(keys, true);
  speed(keys);
  one_slot(keys);
  hashes();
}

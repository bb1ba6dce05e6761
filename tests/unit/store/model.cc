// Random commands, played to a Keyspace and to its model.
#include "tests/unit/store/model.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "node/store/hash_value.h"
#include "node/store/string_value.h"

namespace guccho::store {

ModelValue model_of(const Entry& entry) {
  ModelValue out;
  if (const auto expiry = entry.expiry()) out.expiry = expiry->time_since_epoch().count();
  if (entry.type() == Type::kString) {
    IntText scratch;
    out.value = std::string(string_bytes(entry, scratch));
  } else {
    ModelHash hash;
    for_each_timed_field(entry, [&](std::string_view f, std::string_view v, int64_t expiry) {
      EXPECT_TRUE(hash.emplace(f, ModelField(std::string(v), expiry)).second) << "a field twice";
    });
    EXPECT_EQ(hash.size(), hash_size(entry));
    out.value = std::move(hash);
  }
  return out;
}

ModelDriver::ModelDriver(uint64_t seed) : rng_(seed) {
  keyspace.packed_limits() = {.hash_max_listpack_entries = 8, .hash_max_listpack_value = 30};
}

std::string ModelDriver::random_key() {
  static constexpr const char* kTags[] = {"{a}", "{b}", "{c}"};
  const uint64_t tag = rng_.below(4);
  return (tag == 3 ? std::string() : kTags[tag]) + std::to_string(rng_.below(400));
}

std::string ModelDriver::random_value() {
  switch (rng_.below(10)) {
    case 0:
      return {};
    case 1:
    case 2:
    case 3:
      return std::to_string(static_cast<int64_t>(rng_.next()) >> rng_.below(64));
    case 4:
      return std::string(rng_.below(2000), static_cast<char>(rng_.next()));
    default:
      return std::string(rng_.below(60), static_cast<char>('a' + rng_.below(26)));
  }
}

void ModelDriver::string_command(const std::string& key) {
  Entry* entry = keyspace.find(ref(key));
  std::string& value = std::get<std::string>(model.try_emplace(key).first->second.value);
  StringValue string(keyspace, ref(key), entry);
  switch (rng_.below(4)) {
    case 0: {
      const auto number = static_cast<int64_t>(rng_.next() >> rng_.below(64));
      string.assign(number);
      value = std::to_string(number);
      break;
    }
    case 1: {
      const std::string tail = random_value();
      EXPECT_EQ(string.append(tail), value.size() + tail.size());
      value += tail;
      break;
    }
    case 2: {
      const std::string piece = "x" + random_value();
      const size_t offset = rng_.below(100);
      if (value.size() < offset + piece.size()) value.resize(offset + piece.size());
      value.replace(offset, piece.size(), piece);
      EXPECT_EQ(string.set_range(offset, piece), value.size());
      break;
    }
    default: {
      const size_t size = 1 + rng_.below(800);
      if (value.size() < size) value.resize(size);
      value[size - 1] = 'w';
      string.writable(size)[size - 1] = 'w';
      break;
    }
  }
}

void ModelDriver::field_command(HashValue& hash, const std::string& field, ModelHash& fields, bool may_expire) {
  const uint64_t kind = rng_.below(may_expire ? 7 : 3);
  const auto when = static_cast<int64_t>(1 + rng_.below(1000));
  const UnixMillis moment{Millis(when)};
  const bool there = fields.contains(field);
  if (kind == 0) {
    EXPECT_EQ(hash.erase(field), fields.erase(field) == 1);
  } else if (kind <= 4) {
    const std::string value = random_value();
    const Ttl ttl = kind <= 2 ? Ttl::clear() : kind == 3 ? Ttl::at(moment) : Ttl::keep();
    EXPECT_EQ(hash.set(field, value, ttl), !there);
    const int64_t kept = there ? fields[field].expiry : 0;
    fields[field] = {value, kind == 3 ? when : kind == 4 ? kept : 0};
  } else if (there) {
    kind == 5 ? hash.set_expiry(field, moment) : hash.persist(field);
    fields[field].expiry = kind == 5 ? when : 0;
  }
}

void ModelDriver::expire(int64_t now) {
  std::map<std::string, ModelHash> gone;  // fields that the cycle told of
  const auto on_fields = [&](Slot, std::string_view key, std::span<const std::string_view> names, bool last) {
    ModelHash& of_key = gone[std::string(key)];
    for (const std::string_view name : names) EXPECT_TRUE(of_key.emplace(name, ModelField()).second);
    const size_t size = std::get<ModelHash>(model.at(std::string(key)).value).size();
    EXPECT_EQ(last, size == of_key.size());
  };
  while (keyspace
             .expire_cycle(
                 UnixMillis(Millis(now)), 50, [](Slot, const Entry&) {}, on_fields)
             .more) {
  }
  std::erase_if(model, [&](const auto& item) { return item.second.expiry && now > *item.second.expiry; });
  size_t expired = 0;
  for (auto& [key, value] : model) {
    auto* fields = std::get_if<ModelHash>(&value.value);
    if (fields == nullptr) continue;
    const size_t here = std::erase_if(*fields, [&](const auto& item) {
      const int64_t expiry = item.second.expiry;
      return expiry != 0 && now > expiry;
    });
    EXPECT_EQ(gone[key].size(), here) << key;
    expired += here;
  }
  std::erase_if(model, [](const auto& item) {
    const auto* fields = std::get_if<ModelHash>(&item.second.value);
    return fields != nullptr && fields->empty();
  });
}

void ModelDriver::hash_command(const std::string& key) {
  ModelValue& in_model = model.try_emplace(key, ModelValue{ModelHash{}, std::nullopt}).first->second;
  auto& fields = std::get<ModelHash>(in_model.value);
  HashValue hash(keyspace, ref(key), keyspace.find(ref(key)));
  // Some hashes grow large enough for their table to split.
  const uint64_t range = key.ends_with("7") ? 2000 : 12;
  const bool may_expire = !key.ends_with("1") && !key.ends_with("2");
  for (uint64_t n = 1 + rng_.below(range == 12 ? 5 : 300); n > 0; --n) {
    const std::string field = std::to_string(rng_.below(range));
    field_command(hash, field, fields, may_expire);
    EXPECT_EQ(hash.size(), fields.size());
    IntText scratch;
    EXPECT_EQ(hash.contains(field), fields.contains(field));
    EXPECT_EQ(hash.expiry(field).has_value(), fields.contains(field));
    if (fields.contains(field)) {
      EXPECT_EQ(hash.get(field, scratch), fields[field].value);
      EXPECT_EQ(hash.expiry(field), fields[field].expiry);
    }
  }
  if (!fields.empty()) return;
  if (hash.entry()) keyspace.erase(ref(key));
  model.erase(key);
}

void ModelDriver::whole_key_command(const std::string& key) {
  const bool there = model.contains(key);
  switch (rng_.below(8)) {
    case 0:
    case 1:
      EXPECT_EQ(keyspace.erase(ref(key)), there);
      model.erase(key);
      break;
    case 2:
    case 3:
      if (there) {
        const auto when = static_cast<int64_t>(rng_.below(1000));
        keyspace.set_expiry(ref(key), keyspace.find(ref(key)), UnixMillis(Millis(when)));
        model[key].expiry = when;
      }
      break;
    case 4:
      if (there) {
        keyspace.persist(ref(key), keyspace.find(ref(key)));
        model[key].expiry.reset();
      }
      break;
    case 5:
    case 6: {
      const std::string to = key.substr(0, key.find('}') + 1) + std::to_string(rng_.below(400));
      if (!there || key_slot(to) != key_slot(key) || to == key) break;
      model[to] = model[key];
      if (rng_.below(2) == 0) {
        EXPECT_NE(keyspace.rename(ref(key), ref(to)), nullptr);
        model.erase(key);
      } else {
        EXPECT_NE(keyspace.copy(ref(key), ref(to)), nullptr);
      }
      break;
    }
    default:
      if (rng_.below(150) == 0) {
        keyspace.flush_slot(key_slot(key));
        std::erase_if(model, [&](const auto& item) { return key_slot(item.first) == key_slot(key); });
      } else if (rng_.below(20) == 0) {
        expire(static_cast<int64_t>(rng_.below(1000)));
      }
  }
}

void ModelDriver::command() {
  const std::string key = random_key();
  const auto found = model.find(key);
  const uint64_t kind = rng_.below(10);
  if (kind < 3) {
    const std::string value = random_value();
    const uint64_t ttl = rng_.below(3);
    const auto when = static_cast<int64_t>(rng_.below(1000));
    keyspace.set_string(ref(key), value,
                        ttl == 0   ? Ttl::clear()
                        : ttl == 1 ? Ttl::keep()
                                   : Ttl::at(UnixMillis(Millis(when))));
    std::optional<int64_t> expiry;
    if (ttl == 1 && found != model.end()) expiry = found->second.expiry;
    if (ttl == 2) expiry = when;
    model[key] = {value, expiry};
  } else if (kind < 5) {
    if (found == model.end() || found->second.value.index() == 0) string_command(key);
  } else if (kind < 7) {
    if (found == model.end() || found->second.value.index() == 1) hash_command(key);
  } else {
    whole_key_command(key);
  }
}

void ModelDriver::run(int commands) {
  for (int i = 0; i < commands; ++i) command();
  keyspace.free_step(100);
  keyspace.defragment_step(50, 1000);
}

void ModelDriver::check() {
  Model found;
  size_t bytes = 0;
  size_t expected_bytes = 0;
  for (uint16_t s = 0; s < kSlotCount; ++s) {
    bytes += keyspace.slot_bytes(Slot(s));
    size_t keys = 0;
    size_t expires = 0;
    size_t timed_hashes = 0;
    keyspace.for_each_in_slot(Slot(s), [&](const Entry& entry) {
      ASSERT_TRUE(found.emplace(entry.key(), model_of(entry)).second);
      ASSERT_EQ(key_slot(entry.key()), Slot(s));
      expected_bytes += keyspace.memory_usage(entry);
      ++keys;
      expires += entry.has_expiry();
      timed_hashes += entry.has_timed_fields();
    });
    ASSERT_EQ(keyspace.slot_keys(Slot(s)), keys);
    ASSERT_EQ(keyspace.slot_expires(Slot(s)), expires);
    ASSERT_EQ(keyspace.slot_timed_hashes(Slot(s)), timed_hashes);
  }
  ASSERT_EQ(found, model);
  ASSERT_EQ(keyspace.keys(), model.size());
  ASSERT_EQ(keyspace.timed_hashes(), static_cast<size_t>(std::ranges::count_if(model, [](const auto& item) {
              const auto* fields = std::get_if<ModelHash>(&item.second.value);
              return fields != nullptr &&
                     std::ranges::any_of(*fields, [](const auto& f) { return f.second.expiry != 0; });
            })));
  ASSERT_EQ(keyspace.keys_with_expiry(), static_cast<size_t>(std::ranges::count_if(
                                             model, [](const auto& i) { return i.second.expiry.has_value(); })));
  // Slots are charged for their entries and values, and for their tables on top.
  ASSERT_GE(bytes, expected_bytes);
  ASSERT_LE(bytes, expected_bytes + 64 * 2000);
  if (keyspace.pending_frees() == 0) {
    ASSERT_EQ(bytes, keyspace.used_bytes());
  }
}

}  // namespace guccho::store

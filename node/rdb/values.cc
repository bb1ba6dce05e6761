// Decoding and checking values.
#include "node/rdb/values.h"

#include <fmt/core.h>

#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "node/base/real.h"
#include "node/rdb/packed.h"
#include "node/store/hash_value.h"
#include "node/store/intset.h"
#include "node/store/listpack.h"
#include "node/store/zset_value.h"

namespace guccho::rdb {

namespace {

bool distinct(const std::vector<std::string_view>& fields) {
  std::unordered_set<std::string_view> seen(fields.begin(), fields.end());
  return seen.size() == fields.size();
}

// The first of every `every` elements, viewed in the pack or in `texts`.
std::vector<std::string_view> names_in(const store::Listpack& pack, size_t every, std::vector<store::IntText>& texts) {
  std::vector<std::string_view> names;
  texts.resize(pack.count() / every);
  for (size_t at = pack.first(); at != store::Listpack::kEnd;) {
    names.push_back(pack.get(at).text(texts[names.size()]));
    for (size_t i = 0; i < every; ++i) at = pack.next(at);
  }
  return names;
}

bool has_distinct_names(std::string_view listpack, size_t every) {
  std::vector<store::IntText> texts;
  return distinct(names_in(store::Listpack(listpack), every, texts));
}

Result<FieldList> pairs_of(std::vector<std::string> strings) {
  if (strings.size() % 2 != 0) return fail("a hash with a field that has no value");
  FieldList pairs;
  pairs.reserve(strings.size() / 2);
  for (size_t i = 0; i < strings.size(); i += 2) pairs.emplace_back(std::move(strings[i]), std::move(strings[i + 1]));
  return pairs;
}

// The elements of a ziplist: members and scores in turn, in the order of a sorted set, each member once.
std::optional<ScoredList> scored_of(std::optional<std::vector<std::string>> elements) {
  if (!elements || elements->size() % 2 != 0) return std::nullopt;
  ScoredList scored;
  std::vector<std::string_view> members;
  for (size_t i = 0; i < elements->size(); i += 2) {
    const std::optional<double> score = parse_real((*elements)[i + 1]);
    if (!score) return std::nullopt;
    members.push_back((*elements)[i]);
    if (i > 0 && !(store::ScoredMember{scored.back().second, members[i / 2 - 1]} <
                   store::ScoredMember{*score, members.back()})) {
      return std::nullopt;
    }
    scored.emplace_back((*elements)[i], *score);
  }
  if (!distinct(members)) return std::nullopt;
  return scored;
}

Result<Value> hash_of(const TypeInfo& type, ValueParts& parts) {
  std::optional<std::vector<std::string>> elements;
  switch (static_cast<ValueType>(type.type)) {
    case ValueType::kHashListpack:
      if (!store::Listpack::valid(parts.strings[0], true)) return fail("a hash whose listpack is damaged");
      if (!has_distinct_names(parts.strings[0], 2)) return fail("a hash with a field twice");
      return PackedHash{std::move(parts.strings[0])};
    case ValueType::kHashZiplist:
      elements = read_ziplist(parts.strings[0]);
      break;
    case ValueType::kHashZipmap:
      elements = read_zipmap(parts.strings[0]);
      break;
    default:
      elements = std::move(parts.strings);
  }
  if (!elements) return fail(fmt::format("a {} that is damaged", type.name));
  Result<FieldList> pairs = pairs_of(std::move(*elements));
  if (!pairs) return std::unexpected(pairs.error());
  return std::move(*pairs);
}

// Field, value and expiry in turn.
Result<Value> timed_hash_of(const std::string& listpack) {
  if (!store::Listpack::valid(listpack)) return fail("a hash whose listpack is damaged");
  const store::Listpack pack(listpack);
  if (pack.count() % 3 != 0) return fail("a hash with a field that has no value or no expiry");
  TimedFieldList fields;
  fields.reserve(pack.count() / 3);
  store::IntText scratch;
  for (size_t at = pack.first(); at != store::Listpack::kEnd;) {
    TimedField field;
    field.field = pack.get(at).text(scratch);
    at = pack.next(at);
    field.value = pack.get(at).text(scratch);
    at = pack.next(at);
    const auto expiry = pack.get(at).integer;
    if (!expiry || *expiry < 0 || *expiry > store::HashValue::kMaxExpiry) {
      return fail("a hash with an expiry that cannot be right");
    }
    field.expiry = *expiry;
    at = pack.next(at);
    fields.push_back(std::move(field));
  }
  return fields;
}

// Empty nodes are left out, as Redis leaves them out.
Result<Value> list_of(const TypeInfo& type, ValueParts& parts) {
  ListNodes nodes;
  const bool ziplists =
      type.type == uint8_t(ValueType::kListZiplist) || type.type == uint8_t(ValueType::kListQuicklist);
  for (size_t i = 0; i < parts.strings.size(); ++i) {
    std::string& bytes = parts.strings[i];
    if (ziplists) {
      auto elements = read_ziplist(bytes);
      if (!elements) return fail(fmt::format("a {} that is damaged", type.name));
      for (std::string& element : *elements) nodes.push_back({std::move(element), false});
    } else if (!parts.containers.empty() && parts.containers[i] == Container::kPacked) {
      if (!store::Listpack::valid(bytes)) return fail("a list with a listpack that is damaged");
      if (store::Listpack(bytes).count() > 0) nodes.push_back({std::move(bytes), true});
    } else {
      nodes.push_back({std::move(bytes), false});
    }
  }
  return nodes;
}

Result<Value> set_of(const TypeInfo& type, ValueParts& parts) {
  switch (static_cast<ValueType>(type.type)) {
    case ValueType::kSetIntset:
      if (!store::Intset::valid(parts.strings[0])) return fail("a set whose intset is damaged");
      return IntegerSet{std::move(parts.strings[0])};
    case ValueType::kSetListpack:
      if (!store::Listpack::valid(parts.strings[0])) return fail("a set whose listpack is damaged");
      if (!has_distinct_names(parts.strings[0], 1)) return fail("a set with a member twice");
      return PackedSet{std::move(parts.strings[0])};
    default:
      return std::move(parts.strings);
  }
}

Result<Value> zset_of(const TypeInfo& type, ValueParts& parts) {
  switch (static_cast<ValueType>(type.type)) {
    case ValueType::kZsetListpack:
      if (!store::Listpack::valid(parts.strings[0], true) || !store::valid_packed_zset(parts.strings[0])) {
        return fail("a sorted set whose listpack is damaged");
      }
      return PackedZset{std::move(parts.strings[0])};
    case ValueType::kZsetZiplist: {
      std::optional<ScoredList> scored = scored_of(read_ziplist(parts.strings[0]));
      if (!scored) return fail(fmt::format("a {} that is damaged", type.name));
      return std::move(*scored);
    }
    default:
      return std::move(parts.scored);
  }
}

}  // namespace

bool is_empty(const Value& value) {
  return std::visit(
      []<class T>(const T& v) {
        if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, store::StreamImage>) {
          return false;
        } else if constexpr (std::is_same_v<T, PackedHash> || std::is_same_v<T, PackedSet> ||
                             std::is_same_v<T, PackedZset>) {
          return store::Listpack(v.listpack).count() == 0;
        } else if constexpr (std::is_same_v<T, IntegerSet>) {
          return store::Intset(v.intset).count() == 0;
        } else {
          return v.empty();
        }
      },
      value);
}

Result<Value> value_of(const TypeInfo& type, ValueParts& parts) {
  switch (static_cast<ValueType>(type.type)) {
    case ValueType::kString:
      return std::move(parts.strings[0]);
    case ValueType::kHash:
    case ValueType::kHashZipmap:
    case ValueType::kHashZiplist:
    case ValueType::kHashListpack:
      return hash_of(type, parts);
    case ValueType::kHashTimed:
      return std::move(parts.timed);
    case ValueType::kHashTimedListpack:
      return timed_hash_of(parts.strings[0]);
    case ValueType::kList:
    case ValueType::kListZiplist:
    case ValueType::kListQuicklist:
    case ValueType::kListQuicklist2:
      return list_of(type, parts);
    case ValueType::kSet:
    case ValueType::kSetIntset:
    case ValueType::kSetListpack:
      return set_of(type, parts);
    case ValueType::kZset:
    case ValueType::kZset2:
    case ValueType::kZsetZiplist:
    case ValueType::kZsetListpack:
      return zset_of(type, parts);
    case ValueType::kStream:
    case ValueType::kStream2:
    case ValueType::kStream3:
      break;  // see stream_reader.h
  }
  return fail(fmt::format("type {} ({}) has no decoder", type.type, type.name));
}

}  // namespace guccho::rdb

// The byte layout of an entry.
#include "node/store/entry.h"

#include <algorithm>
#include <new>

namespace guccho::store {

std::string_view type_name(Type type) {
  switch (type) {
    case Type::kString:
      return "string";
    case Type::kList:
      return "list";
    case Type::kSet:
      return "set";
    case Type::kZset:
      return "zset";
    case Type::kHash:
      return "hash";
    case Type::kStream:
      return "stream";
  }
  return "unknown";
}

std::string_view encoding_name(Encoding encoding) {
  switch (encoding) {
    case Encoding::kInt:
      return "int";
    case Encoding::kEmbstr:
      return "embstr";
    case Encoding::kRaw:
      return "raw";
    case Encoding::kListpack:
      return "listpack";
    case Encoding::kListpackEx:
      return "listpackex";
    case Encoding::kHashtable:
      return "hashtable";
    case Encoding::kQuicklist:
      return "quicklist";
    case Encoding::kIntset:
      return "intset";
    case Encoding::kSkiplist:
      return "skiplist";
    case Encoding::kStream:
      return "stream";
  }
  return "unknown";
}

namespace {

Encoding string_encoding(Entry::StringRepr repr) {
  switch (repr) {
    case Entry::StringRepr::kInt:
      return Encoding::kInt;
    case Entry::StringRepr::kEmbstr:
      return Encoding::kEmbstr;
    case Entry::StringRepr::kRawInline:
    case Entry::StringRepr::kRawExternal:
      break;
  }
  return Encoding::kRaw;
}

Encoding set_encoding(Entry::SetRepr repr) {
  switch (repr) {
    case Entry::SetRepr::kIntegers:
      return Encoding::kIntset;
    case Entry::SetRepr::kPacked:
      return Encoding::kListpack;
    case Entry::SetRepr::kTable:
      break;
  }
  return Encoding::kHashtable;
}

Encoding hash_encoding(Entry::HashRepr repr) {
  switch (repr) {
    case Entry::HashRepr::kPacked:
      return Encoding::kListpack;
    case Entry::HashRepr::kPackedTimed:
    case Entry::HashRepr::kTriples:
      return Encoding::kListpackEx;
    case Entry::HashRepr::kTable:
    case Entry::HashRepr::kTableTimed:
      break;
  }
  return Encoding::kHashtable;
}

}  // namespace

Encoding Entry::encoding() const {
  switch (type()) {
    case Type::kString:
      return string_encoding(static_cast<StringRepr>(repr()));
    case Type::kList:
      return repr() == uint8_t(ListRepr::kPacked) ? Encoding::kListpack : Encoding::kQuicklist;
    case Type::kSet:
      return set_encoding(static_cast<SetRepr>(repr()));
    case Type::kZset:
      return repr() == uint8_t(ZsetRepr::kPacked) ? Encoding::kListpack : Encoding::kSkiplist;
    case Type::kHash:
      return hash_encoding(static_cast<HashRepr>(repr()));
    case Type::kStream:
      return Encoding::kStream;
  }
  return Encoding::kRaw;
}

int64_t Entry::expiry_millis() const {
  int64_t when;
  std::memcpy(&when, bytes() + header_size(), sizeof(when));
  return when;
}

std::optional<UnixMillis> Entry::expiry() const {
  if (!has_expiry()) return std::nullopt;
  return UnixMillis(Millis(expiry_millis()));
}

void Entry::set_expiry_in_place(UnixMillis when) {
  const int64_t millis = when.time_since_epoch().count();
  std::memcpy(bytes() + header_size(), &millis, sizeof(millis));
}

External Entry::external() const {
  External external;
  std::memcpy(&external, bytes() + payload_offset(), sizeof(external));
  return external;
}

void Entry::set_external(const External& external) {
  std::memcpy(payload_data(), &external, sizeof(external));
}

bool Entry::needs_wide(size_t key_size, size_t payload_size) {
  return key_size > 255 || payload_size > 255;
}

size_t Entry::allocation_size(size_t key_size, size_t payload_size, bool has_expiry) {
  return (needs_wide(key_size, payload_size) ? kWideHeader : kNarrowHeader) + (has_expiry ? kExpirySize : 0) +
         key_size + payload_size;
}

bool Entry::can_hold(size_t payload_size, bool with_expiry) const {
  return has_expiry() == with_expiry && wide() == needs_wide(key_size(), payload_size);
}

void Entry::set_payload_size(size_t size) {
  if (wide()) {
    store32(8, static_cast<uint32_t>(size));
  } else {
    bytes()[5] = static_cast<char>(size);
  }
}

Entry* Entry::format(void* memory, Type type, uint8_t repr, std::string_view key, size_t payload_size,
                     std::optional<UnixMillis> expiry) {
  auto* entry = new (memory) Entry;
  const bool wide = needs_wide(key.size(), payload_size);
  entry->store32(0, 0);
  entry->set_kind(static_cast<uint32_t>(type) | (uint32_t{repr} << kReprShift) | (expiry ? kExpiryBit : 0) |
                  (wide ? kWideBit : 0));
  if (wide) {
    entry->store32(4, static_cast<uint32_t>(key.size()));
  } else {
    entry->bytes()[4] = static_cast<char>(key.size());
  }
  entry->set_payload_size(payload_size);
  if (expiry) entry->set_expiry_in_place(*expiry);
  std::ranges::copy(key, entry->bytes() + entry->key_offset());
  return entry;
}

}  // namespace guccho::store

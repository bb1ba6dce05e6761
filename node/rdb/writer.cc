// Serialising entries and framing the stream.
#include "node/rdb/writer.h"

#include <liblzf/lzf.h>

#include <algorithm>
#include <bit>

#include "node/base/crc.h"
#include "node/rdb/format.h"
#include "node/store/hash_table.h"
#include "node/store/hash_value.h"
#include "node/store/integer.h"
#include "node/store/list_value.h"
#include "node/store/set_table.h"
#include "node/store/set_value.h"
#include "node/store/stream_value.h"
#include "node/store/string_value.h"
#include "node/store/zset_value.h"

namespace guccho::rdb {

namespace {

// Redis: shorter strings are not worth the attempt, and a gain of fewer than four bytes is none. Longer ones would hold
// up a worker's turn: it is not a forked child that compresses here, and a megabyte takes milliseconds.
constexpr size_t kMinCompress = 21;
constexpr size_t kMaxCompress = size_t{1} << 20;
constexpr size_t kMinGain = 4;
// "-2147483648": what INT8 to INT32 can hold is never longer.
constexpr size_t kMaxIntegerText = 11;

void append_opcode(std::string& out, Opcode opcode) {
  out.push_back(static_cast<char>(opcode));
}
void append_type(std::string& out, ValueType type) {
  out.push_back(static_cast<char>(type));
}

template <class T>
void append_little_endian(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>(static_cast<uint64_t>(value) >> (8 * i)));
}

void append_big_endian(std::string& out, uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
}

void append_special(std::string& out, StringEncoding encoding) {
  out.push_back(static_cast<char>(0xc0 | static_cast<unsigned>(encoding)));
}

bool append_integer(std::string& out, int64_t value) {
  if (value >= INT8_MIN && value <= INT8_MAX) {
    append_special(out, StringEncoding::kInt8);
    append_little_endian(out, static_cast<int8_t>(value));
  } else if (value >= INT16_MIN && value <= INT16_MAX) {
    append_special(out, StringEncoding::kInt16);
    append_little_endian(out, static_cast<int16_t>(value));
  } else if (value >= INT32_MIN && value <= INT32_MAX) {
    append_special(out, StringEncoding::kInt32);
    append_little_endian(out, static_cast<int32_t>(value));
  } else {
    return false;
  }
  return true;
}

bool append_compressed(std::string& out, std::string_view bytes) {
  if (bytes.size() < kMinCompress || bytes.size() > kMaxCompress) return false;
  std::string packed(bytes.size() - kMinGain, '\0');
  const unsigned size = lzf_compress(bytes.data(), static_cast<unsigned>(bytes.size()), packed.data(),
                                     static_cast<unsigned>(packed.size()));
  if (size == 0) return false;
  append_special(out, StringEncoding::kLzf);
  append_length(out, size);
  append_length(out, bytes.size());
  out.append(packed, 0, size);
  return true;
}

void append_head(std::string& out, ValueType type, const store::Entry& entry, bool compress) {
  append_type(out, type);
  append_string(out, entry.key(), compress);
}

void append_timed_pair(std::string& out, std::string_view field, std::string_view value, int64_t expiry,
                       int64_t earliest, bool compress) {
  append_length(out, expiry == store::HashValue::kNoExpiry ? 0 : static_cast<uint64_t>(expiry - earliest) + 1);
  append_string(out, field, compress);
  append_string(out, value, compress);
}

void append_timed_hash(std::string& out, const store::Entry& entry, bool compress) {
  const int64_t earliest = store::field_expiry_bound(entry);
  if (const auto listpack = store::timed_hash_bytes(entry)) {
    append_head(out, ValueType::kHashTimedListpack, entry, compress);
    append_little_endian(out, earliest);
    return append_string(out, *listpack, compress);
  }
  append_head(out, ValueType::kHashTimed, entry, compress);
  append_little_endian(out, earliest);
  append_length(out, store::hash_size(entry));
  store::for_each_timed_field(entry, [&](std::string_view field, std::string_view value, int64_t expiry) {
    append_timed_pair(out, field, value, expiry, earliest, compress);
  });
}

void append_hash(std::string& out, const store::Entry& entry, bool compress) {
  if (entry.has_timed_fields()) return append_timed_hash(out, entry, compress);
  if (const auto listpack = store::packed_hash_bytes(entry)) {
    append_head(out, ValueType::kHashListpack, entry, compress);
    return append_string(out, *listpack, compress);
  }
  append_head(out, ValueType::kHash, entry, compress);
  append_length(out, store::hash_size(entry));
  store::for_each_field(entry, [&](std::string_view field, std::string_view value) {
    append_string(out, field, compress);
    append_string(out, value, compress);
  });
}

void append_scored(std::string& out, const store::ScoredMember& each, bool compress) {
  append_string(out, each.member, compress);
  append_little_endian(out, std::bit_cast<uint64_t>(each.score));
}

void append_zset(std::string& out, const store::Entry& entry, bool compress) {
  const store::ZsetView zset(&entry);
  if (const auto listpack = zset.packed_bytes()) {
    append_head(out, ValueType::kZsetListpack, entry, compress);
    return append_string(out, *listpack, compress);
  }
  append_head(out, ValueType::kZset2, entry, compress);
  append_length(out, zset.size());
  // The greatest first, as Redis writes it, so that its reader inserts each at the head of its list.
  for (store::ZsetCursor at = zset.at(zset.size() - 1); at.valid(); at.previous()) {
    append_scored(out, at.get(), compress);
  }
}

void append_list(std::string& out, const store::Entry& entry, const WriteOptions& options) {
  append_head(out, ValueType::kListQuicklist2, entry, options.compress);
  const store::ListView list(entry);
  append_length(out, list.blocks().size());
  for (const store::ListBlock& block : list.blocks()) append_block(out, block, options);
}

// Version 10 knows no packed sets but of integers: others are written member by member.
void append_set(std::string& out, const store::Entry& entry, bool compress) {
  const store::SetView set(&entry);
  if (const auto intset = set.intset()) {
    append_head(out, ValueType::kSetIntset, entry, compress);
    return append_string(out, *intset, compress);
  }
  append_head(out, ValueType::kSet, entry, compress);
  append_length(out, set.size());
  set.for_each([&](std::string_view member) { append_string(out, member, compress); });
}

void append_id(std::string& out, const store::StreamId& id) {
  append_length(out, id.ms);
  append_length(out, id.seq);
}

void append_raw_id(std::string& out, const store::StreamId& id) {
  append_big_endian(out, id.ms, 8);
  append_big_endian(out, id.seq, 8);
}

void append_time(std::string& out, UnixMillis when) {
  append_little_endian(out, when.time_since_epoch().count());
}

void append_group(std::string& out, const store::StreamGroup& group, bool compress) {
  append_string(out, group.name(), compress);
  append_id(out, group.last_id);
  append_length(out, static_cast<uint64_t>(group.entries_read));
  append_length(out, group.pending().size());
  for (auto at = group.pending().first(); at; at.next()) {
    const store::PendingEntry& pending = *store::StreamGroup::entry(at);
    append_raw_id(out, at.id());
    append_time(out, pending.delivered);
    append_length(out, pending.deliveries);
  }
  append_length(out, group.consumers().size());
  for (const store::StreamConsumer* consumer : group.consumers()) {
    append_string(out, consumer->name(), compress);
    append_time(out, consumer->seen);
    append_length(out, consumer->pending().size());
    for (auto at = consumer->pending().first(); at; at.next()) append_raw_id(out, at.id());
  }
}

// What comes behind the blocks.
void append_stream_tail(std::string& out, const store::Stream& stream, bool compress) {
  append_length(out, stream.length);
  append_id(out, stream.last_id);
  append_id(out, stream.first_id);
  append_id(out, stream.max_deleted_id);
  append_length(out, stream.entries_added);
  append_length(out, stream.groups().size());
  for (const store::StreamGroup* group : stream.groups()) append_group(out, *group, compress);
}

// Type 19, the newest of version 10; stream_reader.h has the layout. When a consumer was last active is not in it.
void append_stream(std::string& out, const store::Entry& entry, const WriteOptions& options) {
  append_head(out, ValueType::kStream2, entry, options.compress);
  const store::Stream& stream = store::stream_of(entry);
  append_length(out, stream.blocks().size());
  for (auto at = stream.blocks().first(); at; at.next()) {
    append_block(out, at.id(), store::Stream::block(at).listpack(), options);
  }
  append_stream_tail(out, stream, options.compress);
}

}  // namespace

void append_length(std::string& out, uint64_t length) {
  if (length < (1 << 6)) {
    out.push_back(static_cast<char>(length));
  } else if (length < (1 << 14)) {
    out.push_back(static_cast<char>(0x40 | (length >> 8)));
    out.push_back(static_cast<char>(length));
  } else if (length <= UINT32_MAX) {
    out.push_back('\x80');
    append_big_endian(out, length, 4);
  } else {
    out.push_back('\x81');
    append_big_endian(out, length, 8);
  }
}

void append_string(std::string& out, std::string_view bytes, bool compress) {
  if (bytes.size() <= kMaxIntegerText) {
    const auto integer = store::parse_integer(bytes);
    if (integer && append_integer(out, *integer)) return;
  }
  if (compress && append_compressed(out, bytes)) return;
  append_length(out, bytes.size());
  out.append(bytes);
}

void append_expiry(std::string& out, const store::Entry& entry) {
  if (const auto expiry = entry.expiry()) {
    append_opcode(out, Opcode::kExpireMillis);
    append_little_endian(out, expiry->time_since_epoch().count());
  }
}

ValueForm append_head(std::string& out, const store::Entry& entry, const WriteOptions& options) {
  const bool compress = options.compress;
  append_expiry(out, entry);
  ValueForm form{entry.type(), std::nullopt, {}};
  switch (entry.type()) {
    case store::Type::kSet:
      append_head(out, ValueType::kSet, entry, compress);
      append_length(out, store::SetView(&entry).size());
      break;
    case store::Type::kZset:
      append_head(out, ValueType::kZset2, entry, compress);
      append_length(out, store::ZsetView(&entry).size());
      break;
    case store::Type::kList:
      append_head(out, ValueType::kListQuicklist2, entry, compress);
      append_length(out, store::ListView(entry).blocks().size());
      break;
    case store::Type::kStream:
      append_head(out, ValueType::kStream2, entry, compress);
      append_length(out, store::stream_of(entry).blocks().size());
      append_stream_tail(form.tail, store::stream_of(entry), compress);
      break;
    default:
      if (entry.has_timed_fields()) {
        form.earliest_expiry = store::field_expiry_bound(entry);
        append_head(out, ValueType::kHashTimed, entry, compress);
        append_little_endian(out, *form.earliest_expiry);
      } else {
        append_head(out, ValueType::kHash, entry, compress);
      }
      append_length(out, store::hash_size(entry));
  }
  return form;
}

void append_block(std::string& out, const store::ListBlock& block, const WriteOptions& options) {
  append_length(out, uint64_t(block.plain ? Container::kPlain : Container::kPacked));
  if (block.plain) return append_string(out, block.bytes(), options.compress);
  std::string listpack;
  store::write_block_as_listpack(block, listpack);
  append_string(out, listpack, options.compress);
}

void append_block(std::string& out, const store::StreamId& master, std::string_view listpack,
                  const WriteOptions& options) {
  std::string id;
  append_raw_id(id, master);
  append_string(out, id, options.compress);
  append_string(out, listpack, options.compress);
}

void append_elements(std::string& out, const ValueForm& form, std::span<void* const> items,
                     const WriteOptions& options) {
  const bool compress = options.compress;
  for (const void* item : items) {
    if (form.type == store::Type::kSet) {
      append_string(out, store::SetTable::text(item), compress);
    } else if (form.type == store::Type::kZset) {
      const auto& scored = *static_cast<const store::ScoredItem*>(item);
      append_scored(out, {scored.score(), scored.member()}, compress);
    } else {
      const auto& pair = *static_cast<const store::FieldPair*>(item);
      if (form.earliest_expiry) {
        append_timed_pair(out, pair.field(), pair.value(), pair.expiry(), *form.earliest_expiry, compress);
      } else {
        append_string(out, pair.field(), compress);
        append_string(out, pair.value(), compress);
      }
    }
  }
}

void append_entry(std::string& out, const store::Entry& entry, const WriteOptions& options) {
  append_expiry(out, entry);
  const bool compress = options.compress;
  switch (entry.type()) {
    case store::Type::kString: {
      append_head(out, ValueType::kString, entry, compress);
      store::IntText scratch;
      return append_string(out, store::string_bytes(entry, scratch), compress);
    }
    case store::Type::kHash:
      return append_hash(out, entry, compress);
    case store::Type::kList:
      return append_list(out, entry, options);
    case store::Type::kSet:
      return append_set(out, entry, compress);
    case store::Type::kZset:
      return append_zset(out, entry, compress);
    case store::Type::kStream:
      return append_stream(out, entry, options);
  }
}

void StreamWriter::write(std::string_view bytes) {
  if (checksum_) crc_ = crc64(crc_, bytes);
  size_ += bytes.size();
  sink_.write(bytes);
}

void StreamWriter::begin(const AuxFields& aux, std::string_view functions, uint64_t keys, uint64_t expires,
                         bool timed_fields) {
  static_assert(kWrittenVersion == 10 && kTimedFieldsVersion == 12);
  std::string out = timed_fields ? "REDIS0012" : "REDIS0010";
  for (const auto& [name, value] : aux) {
    append_opcode(out, Opcode::kAux);
    append_string(out, name, false);
    append_string(out, value, false);
  }
  out += functions;
  append_opcode(out, Opcode::kSelectDb);
  append_length(out, 0);
  append_opcode(out, Opcode::kResizeDb);
  append_length(out, keys);
  append_length(out, expires);
  write(out);
}

void StreamWriter::finish() {
  std::string out;
  append_opcode(out, Opcode::kEof);
  write(out);
  out.clear();
  append_little_endian(out, crc_);
  size_ += out.size();
  sink_.write(out);
}

}  // namespace guccho::rdb

// Reading and changing strings in their four representations.
#include "node/store/string_value.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace guccho::store {

namespace {

using Repr = Entry::StringRepr;

// As sds: an external string that grows gets as much room again, up to this much.
constexpr size_t kMaxSlack = size_t{1} << 20;

Repr repr_of(const Entry& entry) {
  return static_cast<Repr>(entry.repr());
}

}  // namespace

std::string_view string_bytes(const Entry& entry, IntText& scratch) {
  switch (repr_of(entry)) {
    case Repr::kInt:
      return print_integer(unpack_integer(entry.payload()), scratch);
    case Repr::kEmbstr:
    case Repr::kRawInline:
      return entry.payload();
    case Repr::kRawExternal:
      break;
  }
  const External external = entry.external();
  return {static_cast<const char*>(external.data), external.size};
}

std::optional<int64_t> string_integer(const Entry& entry) {
  if (repr_of(entry) == Repr::kInt) return unpack_integer(entry.payload());
  IntText scratch;
  return parse_integer(string_bytes(entry, scratch));
}

size_t string_size(const Entry& entry) {
  IntText scratch;
  return string_bytes(entry, scratch).size();
}

void StringValue::assign(int64_t number) {
  const size_t size = packed_integer_size(number);
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  if (!entry_) {
    entry_ = keyspace_.create(key_, Type::kString, uint8_t(Repr::kInt), size);
  } else if (repr_of(*entry_) == Repr::kRawExternal) {
    const External external = entry_->external();
    keyspace_.allocator().free(external.data, external.capacity);
    entry_ = keyspace_.resize_payload(key_, entry_, uint8_t(Repr::kInt), size);
  } else {
    entry_ = keyspace_.resize_payload(key_, entry_, uint8_t(Repr::kInt), size);
  }
  pack_integer(number, entry_->payload_data(), size);
}

void StringValue::assign(std::string_view bytes) {
  entry_ = keyspace_.set_string(key_, bytes, Ttl::keep());
}

void StringValue::assign_text(std::string_view bytes) {
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  std::ranges::copy(bytes, reshape(bytes.size()).data());
}

// Makes the value plain text of `size` bytes, zero-padded or cut: inline while short, external from then on.
std::span<char> StringValue::reshape(size_t size) {
  SlabAllocator& alloc = keyspace_.allocator();
  if (entry_ && repr_of(*entry_) == Repr::kRawExternal) {
    External external = entry_->external();
    if (size > external.capacity) {
      const size_t capacity = std::min<size_t>(size + std::min(size, kMaxSlack), UINT32_MAX);
      external.data = alloc.reallocate(external.data, external.capacity, capacity);
      external.capacity = static_cast<uint32_t>(capacity);
    }
    char* data = static_cast<char*>(external.data);
    if (size > external.size) std::memset(data + external.size, 0, size - external.size);
    external.size = static_cast<uint32_t>(size);
    entry_->set_external(external);
    return {data, size};
  }
  IntText scratch;
  const std::string_view old = entry_ ? string_bytes(*entry_, scratch) : std::string_view();
  const size_t kept = std::min(old.size(), size);
  if (size > Entry::kMaxInlineString) {
    char* data = static_cast<char*>(alloc.allocate(size));
    std::copy_n(old.data(), kept, data);
    std::memset(data + kept, 0, size - kept);
    const External external{data, static_cast<uint32_t>(size), static_cast<uint32_t>(SlabAllocator::usable(size))};
    entry_ = entry_ ? keyspace_.resize_payload(key_, entry_, uint8_t(Repr::kRawExternal), sizeof(External))
                    : keyspace_.create(key_, Type::kString, uint8_t(Repr::kRawExternal), sizeof(External));
    entry_->set_external(external);
    return {data, size};
  }
  const bool integer = entry_ && repr_of(*entry_) == Repr::kInt;
  entry_ = entry_ ? keyspace_.resize_payload(key_, entry_, uint8_t(Repr::kRawInline), size)
                  : keyspace_.create(key_, Type::kString, uint8_t(Repr::kRawInline), size);
  char* data = entry_->payload_data();
  if (integer) std::copy_n(old.data(), kept, data);  // `old` is in scratch
  std::memset(data + kept, 0, size - kept);
  return {data, size};
}

size_t StringValue::append(std::string_view tail) {
  if (!entry_) {
    assign(tail);
    return tail.size();
  }
  if (tail.empty()) writable(0);  // plain text from now on, as after any append
  return set_range(size(), tail);
}

size_t StringValue::set_range(size_t offset, std::string_view bytes) {
  const size_t old_size = size();
  if (bytes.empty()) return old_size;
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  const std::span<char> text = reshape(std::max(old_size, offset + bytes.size()));
  std::ranges::copy(bytes, text.data() + offset);
  return text.size();
}

std::span<char> StringValue::writable(size_t min_size) {
  keyspace_.before_change(key_);
  Keyspace::Charge charge(keyspace_, key_.slot);
  return reshape(std::max(size(), min_size));
}

}  // namespace guccho::store

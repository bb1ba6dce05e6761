// What commands on hashes share: fields that expire, as a client sees them and as they leave.
//
// A field that has expired is nowhere to be seen, but HLEN counts it until it is deleted, and HSET and HDEL find it, as
// in Redis. Only a primary deletes: in its active cycle, when a command asks for the field, and when a command gives a
// field a time that is over. A replica hides the field until the primary's HDEL comes; the primary's own stream sees
// all.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "node/commands/context.h"
#include "node/commands/times.h"
#include "node/store/hash_value.h"

namespace guccho::commands {

// False after a WRONGTYPE reply. A missing key is as good as an empty hash.
bool is_hash_or_missing(Context& c, const store::Entry* entry);

// The hash, its expired fields hidden from whoever may not see them.
store::HashValue open_hash(Context& c, const store::KeyRef& key, store::Entry* entry);

// Deletes the key when the hash has become empty, and says so.
void delete_if_empty(Context& c, const store::KeyRef& key, const store::HashValue& hash);

// The fields that a command finds expired.
class ExpiredFields {
 public:
  ExpiredFields(Context& c, const store::KeyRef& key, store::HashValue& hash) : c_(c), key_(key), hash_(hash) {}

  // The command did not find the field. If that is because it has expired, a primary deletes it.
  void missed(std::string_view field) {
    if (hash_.timed()) missed_slow(field);
  }
  // The command is about to set the field, as if it were not there. True when it is there and has expired: then the
  // command must be replicated such that a replica, which still sees the field, comes to the same end.
  bool overwrites(std::string_view field) { return hash_.timed() && overwrites_slow(field); }
  // Deletes fields that have expired: all, if there are not very many.
  void delete_some();
  // Says what was deleted: once, before the command says what it changed.
  void announce();
  // The same for a command that changes nothing itself: the key goes with its last field.
  void finish() {
    if (found_) finish_slow();
  }

 private:
  bool may_delete() const { return c_.is_primary && !c_.caller.from_primary; }
  void missed_slow(std::string_view field);
  bool overwrites_slow(std::string_view field);
  void finish_slow();

  Context& c_;
  const store::KeyRef& key_;
  store::HashValue& hash_;
  bool found_ = false;
};

// The texts of the errors about FIELDS numfields field..., which differ between the families.
struct FieldsErrors {
  std::string_view bad_count;
};
inline constexpr FieldsErrors kExpireErrors{"ERR Parameter `numFields` should be greater than 0"};
inline constexpr FieldsErrors kGetErrors{"ERR Number of fields must be a positive integer"};

// The fields of FIELDS numfields field..., of which the first word is at argument `at` and which end the request.
// Nothing after an error reply.
std::optional<std::span<const std::string_view>> read_fields(Context& c, size_t at, const FieldsErrors& errors);

// The moment at which a field is to expire: zero or later, before 2^46 milliseconds. Nothing after an error reply.
std::optional<UnixMillis> read_field_expiry(Context& c, const ExpiryArgument& argument);

// Replicates NAME key [WORDS] FIELDS n field..., with the items of a field being `width` views.
void replicate_fields(Context& c, std::initializer_list<std::string_view> words,
                      std::span<const std::string_view> items, size_t width = 1);
// Replicates HDEL.
void replicate_deletion(Context& c, const store::KeyRef& key, std::span<const std::string_view> fields);

}  // namespace guccho::commands

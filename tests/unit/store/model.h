// A model of the data set in std containers, and a driver that plays the same random commands to it and to a Keyspace.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "node/base/random.h"
#include "node/store/hash_value.h"
#include "node/store/keyspace.h"

namespace guccho::store {

struct ModelField {
  ModelField() = default;
  ModelField(std::string v, int64_t when = 0) : value(std::move(v)), expiry(when) {}  // NOLINT: a value is a field's
  ModelField(const char* v) : value(v) {}                                             // NOLINT
  std::string value;
  int64_t expiry = 0;  // 0: none
  friend bool operator==(const ModelField&, const ModelField&) = default;
};
using ModelHash = std::map<std::string, ModelField>;
struct ModelValue {
  std::variant<std::string, ModelHash> value;
  std::optional<int64_t> expiry;
  friend bool operator==(const ModelValue&, const ModelValue&) = default;
};
using Model = std::map<std::string, ModelValue>;

// What an entry holds, as the model would.
ModelValue model_of(const Entry& entry);

// Few slots, so that tables grow, split and shrink; small packed limits, so that both hash forms occur.
class ModelDriver {
 public:
  explicit ModelDriver(uint64_t seed);
  void run(int commands);
  // Contents, counters and accounting.
  void check();

  Keyspace keyspace{0, 1};
  Model model;

 private:
  std::string random_key();
  std::string random_value();
  KeyRef ref(const std::string& key) const { return KeyRef(key_slot(key), key); }
  void command();
  void string_command(const std::string& key);
  void hash_command(const std::string& key);
  void field_command(HashValue& hash, const std::string& field, ModelHash& fields, bool may_expire);
  void expire(int64_t now);
  void whole_key_command(const std::string& key);

  Rng rng_;
};

}  // namespace guccho::store

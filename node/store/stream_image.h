// A stream as plain data, as it is read from RDB: what is checked before it becomes a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/time.h"
#include "node/store/keyspace.h"
#include "node/store/stream_id.h"

namespace guccho::store {

struct StreamImage {
  struct Block {
    StreamId master;
    std::string listpack;
  };
  struct Pending {
    StreamId id;
    UnixMillis delivered{};
    uint64_t deliveries = 0;
  };
  struct Consumer {
    std::string name;
    UnixMillis seen{};
    UnixMillis active{};
    std::vector<StreamId> pending;
  };
  struct Group {
    std::string name;
    StreamId last_id;
    int64_t entries_read = -1;
    std::vector<Pending> pending;
    std::vector<Consumer> consumers;
  };

  std::vector<Block> blocks;
  uint64_t length = 0;
  StreamId last_id;
  // Not known of streams written before Redis 7: then made from the blocks.
  bool has_history = true;
  StreamId first_id;
  StreamId max_deleted_id;
  uint64_t entries_added = 0;
  std::vector<Group> groups;
};

// Checks an untrusted image part by part, in the order in which it is read. Each answers what is wrong, nothing when it
// is right.
class StreamCheck {
 public:
  std::optional<std::string> block(const StreamImage::Block& block);
  // After the blocks: the numbers that belong to them.
  std::optional<std::string> numbers(const StreamImage& image) const;
  std::optional<std::string> group(const StreamImage::Group& group) const;
  // Names that must differ.
  static bool distinct(std::vector<std::string_view> names);

 private:
  StreamId last_;  // of all entries, deleted or not
  std::optional<StreamId> last_valid_;
  uint64_t entries_ = 0;
  bool any_ = false;
};

// Makes the key from an image that passed the checks. The key must be absent. Takes the blocks' memory as it goes.
Entry* adopt_stream(Keyspace& keyspace, const KeyRef& key, StreamImage&& image);

}  // namespace guccho::store

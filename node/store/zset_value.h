// The sorted set of a key: a packed block while it is small (zset-max-listpack-entries and -value), a tree after that.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "node/base/random.h"
#include "node/base/real.h"
#include "node/store/keyspace.h"
#include "node/store/listpack.h"
#include "node/store/rank_tree.h"

namespace guccho::store {

class ZsetTree;

struct ScoredMember {
  double score;
  std::string_view member;
};

// By score, then by bytes: the order of a sorted set.
inline bool operator<(const ScoredMember& a, const ScoredMember& b) {
  return a.score < b.score || (a.score == b.score && a.member < b.member);
}

// Walks the members of a sorted set in either direction. Views are valid until the next step; nothing may change the
// set meanwhile. Past either end it is not valid().
class ZsetCursor {
 public:
  bool valid() const { return tree_ ? in_tree_.valid() : at_ != Listpack::kEnd; }
  void next();
  void previous();
  std::string_view member() { return tree_ ? in_tree_.item().member() : pack_.get(at_).text(member_text_); }
  double score() const;
  // Whether member() is printed for this step only, being a packed integer; other views last as long as the set.
  bool printed() const { return !tree_ && pack_.get(at_).integer.has_value(); }
  ScoredMember get() { return {score(), member()}; }

 private:
  friend class ZsetView;
  friend class ZsetValue;
  explicit ZsetCursor(RankTree::Cursor at) : in_tree_(at), tree_(true) {}
  ZsetCursor(Listpack pack, size_t at) : pack_(pack), at_(at), tree_(false) {}

  RankTree::Cursor in_tree_;
  Listpack pack_{std::string_view()};
  size_t at_ = Listpack::kEnd;  // of the member; its score follows
  bool tree_;
  IntText member_text_;
};

// What ZsetValue::add does, ZADD's options: add no new members (xx), change no old ones (nx), change scores to greater
// (gt) or lesser (lt) ones only; `increment`: the score is added to the old one.
struct ZsetCondition {
  bool nx = false;
  bool xx = false;
  bool gt = false;
  bool lt = false;
  bool increment = false;
};

// A sorted set for those who only read; entry == nullptr reads as empty. Views of members are valid until the next
// change of the key.
//
// Costs: logarithmic in a tree, linear where packed, but score(), which is constant in a tree.
class ZsetView {
 public:
  explicit ZsetView(const Entry* entry) : entry_(entry) {}

  size_t size() const;
  std::optional<double> score(std::string_view member) const;
  // How many members come before it; nothing when it is not there.
  std::optional<size_t> rank(std::string_view member) const;
  // Numbers of members below a bound: the rank of the first member that is not. With equal scores only, for members.
  size_t count_below(double score) const;
  size_t count_to(double score) const;
  size_t count_members_below(std::string_view member) const;
  size_t count_members_to(std::string_view member) const;
  // At the member with this many before it.
  ZsetCursor at(size_t rank) const;
  // ZSCAN: as HashValue::scan.
  using Visit = std::function<void(const ScoredMember&)>;
  uint64_t scan(uint64_t cursor, size_t count, const Visit& visit) const;
  // The listpack of a packed set; nothing for a tree.
  std::optional<std::string_view> packed_bytes() const;

 protected:
  bool packed() const { return entry_->repr() == uint8_t(Entry::ZsetRepr::kPacked); }
  const Entry* entry_;

 private:
  const ZsetTree& tree() const;
};

// Reads and changes the sorted set at a key. A missing key (entry == nullptr) is made by the first add(). The entry
// must be of type zset and not expired. Erasing the last member leaves an empty set behind: the caller, who also has to
// announce the deletion, then calls Keyspace::erase. After a change entry() is where the entry now lies; views handed
// out before are stale. A tree never turns back into a packed block, as in Redis.
class ZsetValue : public ZsetView {
 public:
  ZsetValue(Keyspace& keyspace, const KeyRef& key, Entry* entry)
      : ZsetView(entry), keyspace_(keyspace), key_(key), own_entry_(entry) {}

  using Condition = ZsetCondition;

  Entry* entry() const { return own_entry_; }

  enum class Outcome : uint8_t {
    kAdded,
    kUpdated,
    kSame,     // it has that score already
    kSkipped,  // the condition does not hold
    kNan,      // infinities of both signs would be added up; nothing is changed
  };
  struct Added {
    Outcome outcome;
    double score;  // the member's, unless skipped
  };
  // `score` is not NaN. The member may not point into this set.
  Added add(double score, std::string_view member, const Condition& condition = {});
  // True when the member was there.
  bool erase(std::string_view member);
  // Removes the members with ranks [first, first + count), which are there.
  void erase_ranks(size_t first, size_t count);

 private:
  ZsetTree& own_tree() const;
  void create(size_t member_size);
  void convert_to_tree();
  Added add_packed(double score, std::string_view member, const Condition& condition);
  Added add_to_tree(double score, std::string_view member, const Condition& condition);
  void insert_packed(double score, std::string_view member);

  Keyspace& keyspace_;
  const KeyRef key_;
  Entry* own_entry_;  // the same as entry_
};

// The text of a score in a packed set, as Redis has it there: an integer wherever it is one of at most 2^62 (so that a
// zero has no sign), else as in replies.
std::string_view print_packed_score(double score, RealText& scratch);

// Makes the key with these members, in their order and distinct; at least one. Packed where the limits allow it. The
// key must be absent. Linear.
Entry* make_zset(Keyspace& keyspace, const KeyRef& key, std::span<const ScoredMember> members);
// For loading (RDB): makes the key from a well-formed listpack (see valid_packed_zset), as it is if the limits allow
// it, else as a tree. The key must be absent.
Entry* adopt_packed_zset(Keyspace& keyspace, const KeyRef& key, std::string_view listpack);
// Whether a well-formed listpack is one of a sorted set: members with their scores, each once, in order, no NaN.
bool valid_packed_zset(std::string_view listpack);

}  // namespace guccho::store

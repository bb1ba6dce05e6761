// Strong types that cross folders: node identity, epochs, offsets.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace guccho {

// A number with a meaning: comparable, not mixable with other numbers.
template <class Tag, class Rep>
struct Strong {
  Rep value{};
  constexpr Strong() = default;
  constexpr explicit Strong(Rep v) : value(v) {}
  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;
};

// Version of a primary's claim on its slots; greater wins (Redis Cluster specification, "configuration epoch").
using ConfigEpoch = Strong<struct ConfigEpochTag, uint64_t>;
// Logical clock of the whole cluster, raised by elections ("currentEpoch").
using CurrentEpoch = Strong<struct CurrentEpochTag, uint64_t>;
// Position in the replication stream, in bytes.
using ReplOffset = Strong<struct ReplOffsetTag, int64_t>;
// Which data a start of a node holds: greater means made later by that node; 0 means no data was ever held.
using DataGeneration = Strong<struct DataGenerationTag, uint64_t>;

// The name of a node: 160 random bits as 40 lower-case hexadecimal characters, as on the bus and in nodes.conf.
class NodeId {
 public:
  static constexpr size_t kLength = 40;
  constexpr NodeId() { chars_.fill('0'); }

  // Nothing unless the text is exactly 40 lower-case hexadecimal characters.
  static constexpr std::optional<NodeId> parse(std::string_view text) {
    if (text.size() != kLength) return std::nullopt;
    NodeId id;
    for (size_t i = 0; i < kLength; ++i) {
      const char c = text[i];
      if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return std::nullopt;
      id.chars_[i] = c;
    }
    return id;
  }

  constexpr std::string_view view() const { return {chars_.data(), kLength}; }
  std::string str() const { return std::string(view()); }
  // The all-zero name stands for "no node".
  constexpr bool is_null() const { return *this == NodeId(); }
  friend constexpr auto operator<=>(const NodeId&, const NodeId&) = default;

 private:
  std::array<char, kLength> chars_;
};

}  // namespace guccho

template <>
struct std::hash<guccho::NodeId> {
  size_t operator()(const guccho::NodeId& id) const noexcept { return std::hash<std::string_view>()(id.view()); }
};

// HyperLogLog: counting distinct elements in 12 KiB, as string values that are byte for byte Redis'. Pure functions
// over bytes; where the bytes lie is the caller's business.
//
//   bytes 0-3   "HYLL"
//   byte  4     encoding: 0 dense, 1 sparse
//   bytes 5-7   zero
//   bytes 8-15  the last count, little-endian; bit 63 set: it is stale
//   dense       16384 registers of 6 bits, least significant bit first: 12288 bytes
//   sparse      runs: 00xxxxxx         ZERO   1 to 64 registers of 0
//                     01xxxxxx x8      XZERO  1 to 16384 registers of 0
//                     1vvvvvnn         VAL    1 to 4 registers of 1 to 32
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace guccho::store {

class HyperLogLog {
 public:
  static constexpr size_t kRegisters = 16384;
  static constexpr size_t kHeader = 16;
  static constexpr size_t kDenseSize = kHeader + kRegisters * 6 / 8;
  static constexpr uint8_t kMaxSparseValue = 32;

  using Registers = std::array<uint8_t, kRegisters>;

  // What an element does: raises the register to the value if that is greater.
  struct Effect {
    uint16_t index;
    uint8_t value;
  };
  static Effect effect_of(std::string_view element);

  // A sparse one that counted nothing.
  static std::string empty();
  // Header and, for dense ones, size. Sparse runs are checked where they are read.
  static bool valid(std::string_view bytes);
  static bool dense(std::string_view bytes) { return bytes[4] == 0; }

  // The count kept in the header, unless it is stale.
  static std::optional<uint64_t> cached_count(std::string_view bytes);
  static void set_cached_count(std::span<char> bytes, uint64_t count);
  static void invalidate(std::span<char> bytes) { bytes[15] = static_cast<char>(bytes[15] | '\x80'); }

  // One register. Constant time when dense, linear in the runs when sparse; nothing when the runs are damaged.
  static std::optional<uint8_t> get(std::string_view bytes, uint16_t index);
  // Of a dense one.
  static void set_dense(std::span<char> bytes, Effect effect);
  // Raises a register of a dense or sparse one, which may become dense: for a value above 32, or beyond `max_sparse`
  // bytes (hll-sparse-max-bytes). The register must be lower. False when the runs are damaged.
  [[nodiscard]] static bool raise(std::string& bytes, Effect effect, size_t max_sparse);
  // Makes a sparse one dense; false (and unchanged) when the runs are damaged.
  [[nodiscard]] static bool make_dense(std::string& bytes);

  // Raises `registers` to those of `bytes`; false when the runs are damaged.
  [[nodiscard]] static bool merge(Registers& registers, std::string_view bytes);
  // The estimate; nothing when the runs are damaged.
  static std::optional<uint64_t> count(std::string_view bytes);
  static uint64_t count(const Registers& registers);

  // "z:5 Z:16000 v:3,2": the runs of a sparse one, as PFDEBUG DECODE shows them.
  static std::string decode(std::string_view bytes);
};

}  // namespace guccho::store

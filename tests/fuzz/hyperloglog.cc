// HyperLogLogs are strings that any SET may have made. Damaged runs are refused everywhere; what is accepted counts the same
// in both encodings.
#include "node/store/hyperloglog.h"

#include "tests/fuzz/target.h"

namespace guccho::fuzz {

using store::HyperLogLog;

bool hyperloglog(std::string_view input) {
  if (!HyperLogLog::valid(input)) return false;
  const auto count = HyperLogLog::count(input);
  static HyperLogLog::Registers registers;
  registers.fill(0);
  require(HyperLogLog::merge(registers, input) == count.has_value());
  HyperLogLog::cached_count(input);
  if (!HyperLogLog::dense(input)) HyperLogLog::decode(input);
  for (const uint16_t index : {0, 77, 16383}) {
    const auto was = HyperLogLog::get(input, index);
    std::string raised(input);
    const HyperLogLog::Effect effect{.index = index, .value = 30};
    if (!was || *was >= effect.value) continue;
    if (HyperLogLog::dense(raised)) {
      HyperLogLog::set_dense(raised, effect);
    } else if (!HyperLogLog::raise(raised, effect, 3000)) {
      require(!count.has_value());
      continue;
    }
    require(HyperLogLog::valid(raised));
    if (count) require(HyperLogLog::get(raised, index) == effect.value);
  }
  if (!count) return false;
  std::string dense(input);
  if (!HyperLogLog::dense(dense)) require(HyperLogLog::make_dense(dense));
  require(dense.size() == HyperLogLog::kDenseSize && HyperLogLog::count(dense) == count);
  return true;
}

std::vector<std::string> hyperloglog_seeds() {
  std::vector<std::string> seeds{HyperLogLog::empty()};
  std::string some = HyperLogLog::empty();
  for (int i = 0; i < 100; ++i) {
    const auto effect = HyperLogLog::effect_of(std::to_string(i));
    if (HyperLogLog::get(some, effect.index) < effect.value && !HyperLogLog::raise(some, effect, 3000)) break;
    if (i == 3 || i == 20) seeds.push_back(some);
  }
  seeds.push_back(some);
  return seeds;
}

}  // namespace guccho::fuzz

// Defaults from the control group's files, both versions.
#include "node/config/limits.h"

#include <gtest/gtest.h>

namespace guccho::config {
namespace {

struct Case {
  std::string_view name;
  CgroupFiles files;
  std::optional<double> cpus;
  std::optional<uint64_t> memory;
  unsigned machine_cpus;
  uint32_t io_threads;
  uint64_t maxmemory;
};

TEST(Limits, Table) {
  const Case cases[] = {
      {"none", {}, {}, {}, 2, 2, 0},
      {"version 2", {.cpu_max = "250000 100000\n", .memory_max = "1073741824\n"}, 2.5, 1u << 30, 8, 3, 805306368},
      {"version 2 without limits", {.cpu_max = "max 100000\n", .memory_max = "max\n"}, {}, {}, 4, 4, 0},
      {"half a CPU", {.cpu_max = "50000 100000"}, 0.5, {}, 4, 1, 0},
      {"more than the machine", {.cpu_max = "800000 100000"}, 8.0, {}, 2, 2, 0},
      {"version 1",
       {.cpu_cfs_quota_us = "200000\n", .cpu_cfs_period_us = "100000\n", .memory_limit_in_bytes = "4096\n"},
       2.0,
       4096,
       8,
       2,
       3072},
      {"version 1 without limits",
       {.cpu_cfs_quota_us = "-1\n", .cpu_cfs_period_us = "100000\n", .memory_limit_in_bytes = "9223372036854771712\n"},
       {},
       {},
       3,
       3,
       0},
      {"garbage", {.cpu_max = "a b", .memory_max = "-5"}, {}, {}, 0, 1, 0},
      {"many CPUs", {}, {}, {}, 500, 128, 0},
  };
  for (const Case& c : cases) {
    const ContainerLimits limits = container_limits(c.files);
    EXPECT_EQ(limits.cpus, c.cpus) << c.name;
    EXPECT_EQ(limits.memory, c.memory) << c.name;
    const Config config = defaults_for(limits, c.machine_cpus);
    EXPECT_EQ(config.io_threads, c.io_threads) << c.name;
    EXPECT_EQ(config.maxmemory, c.maxmemory) << c.name;
  }
}

}  // namespace
}  // namespace guccho::config

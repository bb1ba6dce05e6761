// Defaults that follow from the machine or the container: the number of workers and maxmemory. Pure: the caller reads
// the files and passes their contents.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "node/config/config.h"

namespace guccho::config {

// Contents of the control group's files, empty when a file does not exist. Version 2: cpu.max, memory.max of the
// process' own group; version 1: cpu.cfs_quota_us, cpu.cfs_period_us, memory.limit_in_bytes.
struct CgroupFiles {
  std::string cpu_max;
  std::string memory_max;
  std::string cpu_cfs_quota_us;
  std::string cpu_cfs_period_us;
  std::string memory_limit_in_bytes;
};

struct ContainerLimits {
  std::optional<double> cpus;
  std::optional<uint64_t> memory;  // bytes
};

// Unreadable contents count as no limit. A version 1 memory limit of 2^62 bytes or more means none.
ContainerLimits container_limits(const CgroupFiles& files);

// io-threads: the CPU limit rounded up, at most the machine's CPUs, at least 1, at most 128. maxmemory: three quarters
// of the memory limit (the rest is for buffers, replication and the process itself), none without a limit.
Config defaults_for(const ContainerLimits& limits, unsigned machine_cpus);

}  // namespace guccho::config

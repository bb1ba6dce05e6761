// The golden configuration of a local node.
#include "operator/backend/local/node_config.h"

#include <gtest/gtest.h>

namespace guccho::ops::local {
namespace {

TEST(NodeConfig, LeastSpec) {
  const Place place{"127.0.0.1", 7000, 17000, 7400, false};
  EXPECT_EQ(node_config({}, place, "/state/nodes/0-0/data", ""),
            "# Written by guccho and replaced with each change of the RedisCluster.\n"
            "cluster-enabled yes\n"
            "save \"\"\n"
            "appendonly no\n"
            "bind 127.0.0.1\n"
            "port 7000\n"
            "cluster-port 17000\n"
            "router-port 7400\n"
            "cluster-announce-ip 127.0.0.1\n"
            "dir /state/nodes/0-0/data\n"
            "admin-socket admin/admin.sock\n"
            "logfile \"\"\n");
}

TEST(NodeConfig, EverythingGiven) {
  RedisClusterSpec spec;
  spec.config = {{"cluster-node-timeout", "700"}, {"client-output-buffer-limit", "normal 0 0 0"}};
  spec.persistence.mode = PersistenceMode::kSnapshot;
  spec.resources.limits = {"1500m", "400Mi"};
  const Place place{"::1", 7001, 17001, 7401, false};
  EXPECT_EQ(node_config(spec, place, "/a b/data", "pass word"),
            "# Written by guccho and replaced with each change of the RedisCluster.\n"
            "client-output-buffer-limit normal 0 0 0\n"
            "cluster-node-timeout 700\n"
            "cluster-enabled yes\n"
            "save 3600 1 300 100 60 10000\n"
            "appendonly no\n"
            "io-threads 2\n"
            "maxmemory 314572800\n"
            "bind ::1\n"
            "port 7001\n"
            "cluster-port 17001\n"
            "router-port 7401\n"
            "cluster-announce-ip ::1\n"
            "dir \"/a b/data\"\n"
            "admin-socket admin/admin.sock\n"
            "logfile \"\"\n"
            "requirepass \"pass word\"\n"
            "masterauth \"pass word\"\n");
}

}  // namespace
}  // namespace guccho::ops::local

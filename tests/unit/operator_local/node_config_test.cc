// The golden configuration of a local node.
#include "operator/backend/local/node_config.h"

#include <gmock/gmock.h>

namespace guccho::ops::local {
namespace {

TEST(NodeConfig, LeastSpec) {
  EXPECT_EQ(node_config({}, "/state/nodes/0-0/data", ""),
            "# Written by guccho and replaced with each change of the RedisCluster.\n"
            "cluster-enabled yes\n"
            "save \"\"\n"
            "appendonly no\n"
            "dir /state/nodes/0-0/data\n"
            "admin-socket admin/admin.sock\n"
            "logfile \"\"\n");
}

TEST(NodeConfig, EverythingGiven) {
  RedisClusterSpec spec;
  spec.config = {{"cluster-node-timeout", "700"}, {"client-output-buffer-limit", "normal 0 0 0"}};
  spec.persistence.mode = PersistenceMode::kSnapshot;
  spec.resources.limits = {"1500m", "400Mi"};
  EXPECT_EQ(node_config(spec, "/a b/data", "pass word"),
            "# Written by guccho and replaced with each change of the RedisCluster.\n"
            "client-output-buffer-limit normal 0 0 0\n"
            "cluster-node-timeout 700\n"
            "cluster-enabled yes\n"
            "save 3600 1 300 100 60 10000\n"
            "appendonly no\n"
            "io-threads 2\n"
            "maxmemory 314572800\n"
            "dir \"/a b/data\"\n"
            "admin-socket admin/admin.sock\n"
            "logfile \"\"\n"
            "requirepass \"pass word\"\n"
            "masterauth \"pass word\"\n");
}

TEST(NodeArguments, TheFileAndTheAddresses) {
  Place place;
  place.host = "::1";
  place.port = 7001;
  place.bus_port = 17001;
  place.router_port = 7401;
  EXPECT_THAT(node_arguments("/s/node.conf", place),
              testing::ElementsAre("/s/node.conf", "--bind", "::1", "--port", "7001", "--cluster-port", "17001",
                                   "--router-port", "7401", "--cluster-announce-ip", "::1"));
}

}  // namespace
}  // namespace guccho::ops::local

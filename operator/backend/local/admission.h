// What a spec has to be for nodes to run by it side by side on this machine. Asked before a spec is stored and before
// any file of a node is written, since a configuration that no node can start with harms the healthy ones too: they
// read it when they are next restarted.
#pragma once

#include <string>

#include "node/base/result.h"
#include "operator/model/redis_cluster.h"

namespace guccho::ops::local {

// The first reason why not, beginning with the field: "spec.config.maxmemory-policy: ...". Reads the password file,
// asks the kernel for the address, and has the node's own loader judge what it would be started with.
Status admissible(const RedisClusterSpec& spec);

// A part of it: protected mode, which is on unless spec.config says otherwise, refuses everyone who does not come from
// a loopback address while there is no password, the other nodes of the cluster included.
Status check_protected_mode(const RedisClusterSpec& spec);

// First line of the password file; empty when the spec names none.
Result<std::string> password_of(const AuthSpec& auth);

}  // namespace guccho::ops::local

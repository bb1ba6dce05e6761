// The table of targets.
#include "tests/fuzz/target.h"

namespace guccho::fuzz {

std::span<const Target> targets() {
  static constexpr Target kTargets[] = {
      {"acl_file", acl_file, acl_file_seeds},
      {"acl_rules", acl_rules, acl_rules_seeds},
      {"bus", bus, bus_seeds},
      {"hyperloglog", hyperloglog, hyperloglog_seeds},
      {"msgpack", msgpack, msgpack_seeds},
      {"nodes_conf", nodes_conf, nodes_conf_seeds},
      {"own_file", own_file, own_file_seeds},
      {"packed", packed, packed_seeds},
      {"rdb_file", rdb_file, rdb_file_seeds},
      {"rdb_functions", rdb_functions, rdb_functions_seeds},
      {"rdb_value", rdb_value, rdb_value_seeds},
      {"redis_conf", redis_conf, redis_conf_seeds},
      {"resp_reply", resp_reply, resp_reply_seeds},
      {"resp_request", resp_request, resp_request_seeds},
      {"script_head", script_head, script_head_seeds},
      {"structs", structs, structs_seeds},
  };
  return kTargets;
}

}  // namespace guccho::fuzz

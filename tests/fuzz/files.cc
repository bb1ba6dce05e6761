// Files that people and nodes write: nodes.conf, our own file beside it, redis.conf, and the first lines of scripts.
#include "node/base/words.h"
#include "node/cluster/persisted.h"
#include "node/config/load.h"
#include "node/scripting/shebang.h"
#include "tests/fuzz/target.h"

namespace guccho::fuzz {

// What is read and printed is read as the same.
bool nodes_conf(std::string_view input) {
  const auto conf = cluster::parse_nodes_conf(input);
  if (!conf) return false;
  require(!conf->self().id.is_null());
  const std::string printed = cluster::print_nodes_conf(*conf);
  const auto again = cluster::parse_nodes_conf(printed);
  require(again.has_value() && cluster::print_nodes_conf(*again) == printed);
  return true;
}

std::vector<std::string> nodes_conf_seeds() {
  return {
      "0a1978f582afd36c55c3d4151429e43614521c28 127.0.0.1:20001@30001,host-a.example myself,master - 0 1795381349000 1 "
      "connected 0-5460 5462 [93->-abababababababababababababababababababab] "
      "[7000-<-abababababababababababababababababababab]\n"
      "abababababababababababababababababababab 127.0.0.1:20002@30002 master,fail? - 1795381349696 1795381347689 3 "
      "connected 5461 5463-16383\n"
      "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd ::1:20003@30003 slave 0a1978f582afd36c55c3d4151429e43614521c28 0 0 1 "
      "disconnected\n"
      "efefefefefefefefefefefefefefefefefefefef 127.0.0.1:20004@30004 handshake - 0 0 0 connected\n"
      "vars currentEpoch 7 lastVoteEpoch 6\n",
      "0a1978f582afd36c55c3d4151429e43614521c28 :0@0,,tls-port=0,shard-id=abababababababababababababababababababab "
      "myself,master,noaddr - 0 0 0 connected\nvars currentEpoch 0 lastVoteEpoch 0\n"};
}

bool own_file(std::string_view input) {
  const auto own = cluster::parse_own_file(input);
  if (!own) return false;
  const std::string printed = cluster::print_own_file(*own);
  const auto again = cluster::parse_own_file(printed);
  require(again.has_value() && cluster::print_own_file(*again) == printed);
  return true;
}

std::vector<std::string> own_file_seeds() {
  const NodeId id = *NodeId::parse("0a1978f582afd36c55c3d4151429e43614521c28");
  cluster::OwnState own;
  std::vector<std::string> seeds{print_own_file(own)};
  own.loss_accepted = true;
  own.shard_id = id;
  own.electorate.list = {.version = 1, .founder = id, .voters = {id}};
  own.electorate.promised_round = 3;
  own.electorate.promised_node = id;
  seeds.push_back(print_own_file(own));
  return seeds;
}

// Words survive quoting; an include of the file in itself ends at the limit.
bool redis_conf(std::string_view input) {
  if (const auto words = split_line(input.substr(0, input.find('\n')))) {
    std::string line;
    for (const std::string& word : *words) line += quote_word(word) + " ";
    const auto again = split_line(line);
    require(again.has_value() && *again == *words);
  }
  int reads = 0;
  const auto read = [&](const std::string&) -> Result<std::string> {
    if (++reads > 100) return fail("too often");
    return std::string(input);
  };
  const auto matching = [](const std::string& pattern) {
    return std::vector<std::string>(pattern.size() % 3, pattern);
  };
  const auto loaded = config::load({.file = "redis.conf"}, {.read = read, .matching = matching});
  if (!loaded) require(!loaded.error().text.empty());
  return loaded.has_value();
}

std::vector<std::string> redis_conf_seeds() {
  return {"port 7000\nbind 127.0.0.1 ::1\nmaxmemory 100mb\nmaxmemory-policy allkeys-lru\nappendonly no\n# comment\n",
          "client-output-buffer-limit replica 256mb 64mb 60\nsave \"\"\nuser alice on >\"p\\x20w\" ~a* +@read\n",
          "include redis.conf\n", "dir a\ninclude *.conf\nsave 900 1\nsave \"\"\ndatabases 16\n",
          "notify-keyspace-events KEA\nrequirepass 'a b'\nhash-max-listpack-entries 10\nport 70000\n"};
}

bool script_head(std::string_view input) {
  const auto script = scripting::parse_script_head(input);
  if (script) require(script->code_at <= input.size());
  const auto library = scripting::parse_library_head(input);
  if (library) require(library->code_at <= input.size() && scripting::is_valid_name(library->name));
  return script || library;
}

std::vector<std::string> script_head_seeds() {
  return {"#!lua flags=no-writes,allow-stale\nreturn 1", "#!lua name=lib\nreturn 1", "return 1", "#!lua name=\"a\"",
          "#!"};
}

}  // namespace guccho::fuzz

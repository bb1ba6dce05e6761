// The command table: lookups, arity and unknown-command errors, keys, and COMMAND's replies.
#include <set>

#include "tests/unit/commands/harness.h"

namespace guccho::commands::testing {
namespace {

std::vector<uint32_t> keys_of(const CommandSpec& spec, std::vector<std::string_view> args) {
  std::vector<KeyPosition> keys;
  std::vector<uint32_t> out;
  if (!find_keys(spec, args, keys)) return {0};
  for (const KeyPosition& key : keys) out.push_back(key.index);
  return out;
}

TEST(Table, FindsByNameInAnyCase) {
  for (const CommandSpec& spec : all_commands()) {
    EXPECT_EQ(find_command(spec.name), &spec);
    std::string upper(spec.name);
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    EXPECT_EQ(find_command(upper), &spec);
  }
  for (const char* name : {"", "nosuch", "gett", "ge", "get "}) EXPECT_EQ(find_command(name), nullptr) << name;
}

TEST(Table, CountsOfKeysAreReadLoosely) {
  const CommandSpec& inter = *find_command("zinter");
  EXPECT_EQ(keys_of(inter, {"zinter", "2", "a", "b"}), (std::vector<uint32_t>{2, 3}));
  for (const char* two : {"2x", "+2", " 2", "2-3-4", "4294967298"}) {
    EXPECT_EQ(keys_of(inter, {"zinter", two, "a", "b"}), (std::vector<uint32_t>{2, 3})) << two;
  }
  for (const char* wrong : {"-1", "3", "9223372036854775807", "99999999999999999999"}) {
    EXPECT_EQ(keys_of(inter, {"zinter", wrong, "a", "b"}), std::vector<uint32_t>{0}) << wrong;
  }
  // Without input not even the destination is one.
  const CommandSpec& store = *find_command("zdiffstore");
  EXPECT_EQ(keys_of(store, {"zdiffstore", "d", "1", "a"}), (std::vector<uint32_t>{1, 3}));
  for (const char* none : {"0", "x", "", "-0"}) {
    EXPECT_EQ(keys_of(store, {"zdiffstore", "d", none, "a"}), std::vector<uint32_t>{0}) << none;
  }
}

TEST(Table, KeysOfMigrate) {
  using Keys = std::vector<uint32_t>;
  const CommandSpec& migrate = *find_command("migrate");
  EXPECT_EQ(keys_of(migrate, {"migrate", "h", "1", "k", "0", "9"}), Keys{3});
  EXPECT_EQ(keys_of(migrate, {"migrate", "h", "1", "", "0", "9"}), Keys{3});
  EXPECT_EQ(keys_of(migrate, {"migrate", "h", "1", "k", "0", "9", "copy", "AUTH", "keys"}), Keys{3});
  EXPECT_EQ(keys_of(migrate, {"migrate", "h", "1", "", "0", "9", "KEYS", "a", "b"}), (Keys{7, 8}));
  EXPECT_EQ(keys_of(migrate, {"migrate", "h", "1", "", "0", "9", "AUTH", "keys", "keys", "a"}), Keys{9});
  EXPECT_EQ(keys_of(migrate, {"migrate", "h", "1", "", "0", "9", "AUTH2", "u", "keys", "keys", "a"}), Keys{10});
  EXPECT_EQ(keys_of(migrate, {"migrate", "h", "1", "", "0", "9", "KEYS"}), Keys{});
  EXPECT_EQ(keys_of(migrate, {"migrate", "h", "1", "k", "0", "9", "KEYS", "a"}), Keys{0}) << "no keys can be said";
}

TEST(Table, QuestionsAboutTheClusterAreServedWhileLoading) {
  std::set<std::string_view> served;
  for (uint16_t id = 0; id < command_id_count(); ++id) {
    const CommandSpec& spec = command_by_id(id);
    if (!spec.has(kViewOnly)) continue;
    served.insert(spec.full_name);
    // Nothing that changes the cluster or looks at keys.
    EXPECT_FALSE(spec.has(kNoAsyncLoading) || spec.has(kWrite) || spec.has(kReadonly)) << spec.full_name;
    EXPECT_TRUE(spec.keys.empty()) << spec.full_name;
  }
  const std::set<std::string_view> expected = {"cluster|count-failure-reports",
                                               "cluster|info",
                                               "cluster|keyslot",
                                               "cluster|links",
                                               "cluster|myid",
                                               "cluster|myshardid",
                                               "cluster|nodes",
                                               "cluster|replicas",
                                               "cluster|shards",
                                               "cluster|slaves",
                                               "cluster|slots"};
  EXPECT_EQ(served, expected);
}

TEST(Table, IdsNameEachRecordOnce) {
  std::set<std::string_view> names;
  for (uint16_t id = 0; id < command_id_count(); ++id) {
    const CommandSpec& spec = command_by_id(id);
    EXPECT_EQ(spec.id, id);
    EXPECT_TRUE(names.insert(spec.full_name).second) << spec.full_name;
    for (const CommandSpec& sub : spec.subcommands) {
      EXPECT_EQ(sub.parent, &spec);
      EXPECT_EQ(&command_by_id(sub.id), &sub);
    }
    const bool executed_elsewhere = spec.name == "exec" || spec.name == "watch";
    const bool does_nothing = !spec.subcommands.empty() && spec.arity != -1;
    EXPECT_EQ(spec.handler == nullptr, does_nothing || executed_elsewhere) << spec.full_name;
  }
}

TEST(Table, Errors) {
  Node node;
  const std::string long_word(200, 'x');
  const Step steps[] = {
      {"foo a b", "-ERR unknown command 'foo', with args beginning with: 'a' 'b' |"},
      {"foo", "-ERR unknown command 'foo', with args beginning with: |"},
      {"\"\" x", "-ERR unknown command '', with args beginning with: 'x' |"},
      {"client id 3", "-ERR wrong number of arguments for 'client|id' command|"},
      {"CONFIG FOO", "-ERR unknown subcommand 'FOO'. Try CONFIG HELP.|"},
      {"get a b", "-ERR wrong number of arguments for 'get' command|"},
  };
  run_steps(node, steps);
  EXPECT_EQ(node.run(long_word),
            "-ERR unknown command '" + long_word.substr(0, 128) + "', with args beginning with: |");
  EXPECT_EQ(node.run("foo " + long_word + " b"),
            "-ERR unknown command 'foo', with args beginning with: '" + long_word.substr(0, 128) + "' |");
}

TEST(Table, FindsKeysByPosition) {
  EXPECT_EQ(keys_of(*find_command("get"), {"get", "a"}), (std::vector<uint32_t>{1}));
  EXPECT_EQ(keys_of(*find_command("mset"), {"mset", "a", "1", "b", "2"}), (std::vector<uint32_t>{1, 3}));
  EXPECT_EQ(keys_of(*find_command("del"), {"del", "a", "b", "c"}), (std::vector<uint32_t>{1, 2, 3}));
  EXPECT_EQ(keys_of(*find_command("lcs"), {"lcs", "a", "b"}), (std::vector<uint32_t>{1, 2}));
  EXPECT_EQ(keys_of(*find_command("rename"), {"rename", "a", "b"}), (std::vector<uint32_t>{1, 2}));
  EXPECT_EQ(keys_of(*find_command("ping"), {"ping"}), (std::vector<uint32_t>{}));
  EXPECT_EQ(keys_of(*find_command("blpop"), {"blpop", "a", "b", "0"}), (std::vector<uint32_t>{1, 2}));
  EXPECT_EQ(keys_of(*find_command("blmpop"), {"blmpop", "0", "2", "a", "b", "LEFT"}), (std::vector<uint32_t>{3, 4}));
  EXPECT_EQ(keys_of(*find_command("sinterstore"), {"sinterstore", "d", "a", "b"}), (std::vector<uint32_t>{1, 2, 3}));
}

TEST(Table, FindsWhereSortStores) {
  const CommandSpec& sort = *find_command("sort");
  EXPECT_EQ(keys_of(sort, {"sort", "a"}), (std::vector<uint32_t>{1}));
  EXPECT_EQ(keys_of(sort, {"sort", "a", "STORE"}), (std::vector<uint32_t>{1}));
  EXPECT_EQ(keys_of(sort, {"sort", "a", "by", "store", "store", "b"}), (std::vector<uint32_t>{1, 5}));
  EXPECT_EQ(keys_of(sort, {"sort", "a", "limit", "store", "b", "get", "store", "store", "c", "store", "d"}),
            (std::vector<uint32_t>{1, 10}));
  EXPECT_EQ(keys_of(*find_command("sort_ro"), {"sort_ro", "a", "STORE", "b"}), (std::vector<uint32_t>{1}));
}

TEST(Table, FindsKeysByKeywordAndByCount) {
  const KeySpec counted[] = {{.flags = kKeyRO, .index = 1, .find = KeySpec::Find::kKeynum, .first_key = 1}};
  const CommandSpec eval{.name = "counted", .flags = kNoMandatoryKeys, .keys = counted};
  EXPECT_EQ(keys_of(eval, {"x", "2", "a", "b", "c"}), (std::vector<uint32_t>{2, 3}));
  EXPECT_EQ(keys_of(eval, {"x", "0", "a"}), (std::vector<uint32_t>{}));
  EXPECT_EQ(keys_of(eval, {"x", "4", "a", "b", "c"}), (std::vector<uint32_t>{0}));
  EXPECT_EQ(keys_of(eval, {"x", "-1", "a"}), (std::vector<uint32_t>{0}));
  EXPECT_EQ(keys_of(eval, {"x", "y", "a"}), (std::vector<uint32_t>{}));

  const KeySpec halves[] = {
      {.flags = kKeyRO, .begin = KeySpec::Begin::kKeyword, .index = 1, .keyword = "streams", .last = -1, .limit = 2}};
  const CommandSpec xread{.name = "halves", .keys = halves};
  EXPECT_EQ(keys_of(xread, {"x", "count", "1", "STREAMS", "a", "b", "0", "0"}), (std::vector<uint32_t>{4, 5}));
  EXPECT_EQ(keys_of(xread, {"x", "count", "1"}), (std::vector<uint32_t>{}));

  const KeySpec backwards[] = {
      {.flags = kKeyRO, .begin = KeySpec::Begin::kKeyword, .index = -2, .keyword = "keys", .last = -1}};
  const CommandSpec migrate{.name = "backwards", .keys = backwards};
  EXPECT_EQ(keys_of(migrate, {"x", "host", "keys", "a", "b"}), (std::vector<uint32_t>{3, 4}));
}

TEST(Table, CategoriesFollowFromFlags) {
  EXPECT_EQ(find_command("get")->categories, uint32_t{kCatRead | kCatString | kCatFast});
  EXPECT_EQ(find_command("set")->categories, uint32_t{kCatWrite | kCatString | kCatSlow});
  EXPECT_EQ(find_command("shutdown")->categories, uint32_t{kCatAdmin | kCatSlow | kCatDangerous});
}

TEST(Command, Info) {
  Node node;
  const Step steps[] = {
      {"COMMAND INFO get nosuch config|rewrite",
       "*3|*10|$3|get|:2|*2|+readonly|+fast|:1|:1|:1|*3|+@read|+@string|+@fast|*0|*1|*6|$5|flags|*2|+RO|+access|"
       "$12|begin_search|*4|$4|type|$5|index|$4|spec|*2|$5|index|:1|$9|find_keys|*4|$4|type|$5|range|$4|spec|"
       "*6|$7|lastkey|:0|$7|keystep|:1|$5|limit|:0|*0|$-1|"
       "*10|$14|config|rewrite|:2|*4|+admin|+noscript|+loading|+stale|:0|:0|:0|*3|+@admin|+@slow|+@dangerous|*0|*0|*"
       "0|"},
      {"COMMAND DOCS getset nosuch",
       "*2|$6|getset|*16|$7|summary|$54|Set the string value of a key and return its old value|$5|since|$5|1.0.0|"
       "$5|group|$6|string|$10|complexity|$4|O(1)|$9|doc_flags|*1|+deprecated|$16|deprecated_since|$5|6.2.0|"
       "$11|replaced_by|$30|`SET` with the `!GET` argument|$9|arguments|*2|*6|$4|name|$3|key|$4|type|$3|key|"
       "$14|key_spec_index|:0|*4|$4|name|$5|value|$4|type|$6|string|"},
      {"COMMAND COUNT 2", "-ERR wrong number of arguments for 'command|count' command|"},
      {"COMMAND FOO", "-ERR unknown subcommand 'FOO'. Try COMMAND HELP.|"},
  };
  run_steps(node, steps);
  EXPECT_EQ(node.run("COMMAND COUNT"), ":" + std::to_string(all_commands().size()) + "|");
  EXPECT_TRUE(node.run("COMMAND").starts_with("*" + std::to_string(all_commands().size()) + "|*10|"));
  const std::string docs = node.run("COMMAND DOCS set");
  EXPECT_NE(docs.find("*10|$4|name|$9|condition|$4|type|$5|oneof|$5|since|$6|2.6.12|$5|flags|*1|+optional|$9|arguments|"
                      "*3|*6|$4|name|$2|nx|$4|type|$10|pure-token|$5|token|$2|NX|"),
            std::string::npos)
      << docs;
  EXPECT_NE(node.run("COMMAND DOCS client|kill").find("$4|name|$6|yes/no|$4|type|$6|string|$5|token|$6|SKIPME|"),
            std::string::npos);
}

TEST(Command, Resp3) {
  Node node;
  node.session.resp = resp::Version::kResp3;
  EXPECT_TRUE(node.run("COMMAND INFO set").starts_with("*1|*10|$3|set|:-3|~2|+write|+denyoom|:1|:1|:1|~3|"));
  EXPECT_TRUE(node.run("COMMAND DOCS set").starts_with("%1|$3|set|%6|"));
}

TEST(Command, ListAndKeys) {
  Node node;
  const Step steps[] = {
      {"COMMAND LIST FILTERBY PATTERN hset*", "*3|$4|hset|$6|hsetex|$6|hsetnx|"},
      {"COMMAND LIST FILTERBY PATTERN config|RE*", "*2|$16|config|resetstat|$14|config|rewrite|"},
      {"COMMAND LIST FILTERBY ACLCAT transaction", "*5|$7|discard|$4|exec|$5|multi|$7|unwatch|$5|watch|"},
      {"COMMAND LIST FILTERBY ACLCAT nosuch", "*0|"},
      {"COMMAND LIST FILTERBY MODULE x", "*0|"},
      {"COMMAND LIST FOO BAR x", "-ERR syntax error|"},
      {"COMMAND GETKEYS mset a b c d", "*2|$1|a|$1|c|"},
      {"COMMAND GETKEYS object encoding a", "*1|$1|a|"},
      {"COMMAND GETKEYS nosuch a", "-ERR Invalid command specified|"},
      {"COMMAND GETKEYS config get a", "-ERR The command has no key arguments|"},
      {"COMMAND GETKEYS get a b", "-ERR Invalid number of arguments specified for command|"},
      {"COMMAND GETKEYSANDFLAGS set a b", "*1|*2|$1|a|*2|+OW|+update|"},
      {"COMMAND GETKEYSANDFLAGS set a b get", "*1|*2|$1|a|*3|+RW|+access|+update|"},
      {"COMMAND GETKEYSANDFLAGS copy a b", "*2|*2|$1|a|*2|+RO|+access|*2|$1|b|*2|+OW|+update|"},
  };
  run_steps(node, steps);
}

}  // namespace
}  // namespace guccho::commands::testing

// struct, cmsgpack, cjson and bit. Expected bytes are those of redis-server 7.0.
#include <gtest/gtest.h>

#include "tests/unit/scripting/fake_host.h"

namespace guccho::scripting {
namespace {

using testing::Scripts;

struct Case {
  const char* body;
  const char* reply;
};

void expect(std::initializer_list<Case> cases) {
  Scripts scripts;
  // Bytes as hexadecimal, so that they can be written down.
  for (const Case& c : cases) EXPECT_EQ(scripts.run(c.body), c.reply) << c.body;
}

// hex(s)
#define HEX "local function hex(s) return (s:gsub('.', function(c) return string.format('%02x', c:byte()) end)) end "

TEST(Libraries, Struct) {
  expect({
      {HEX "return hex(struct.pack('<I4hb', 1, 2, 3))", "$14|01000000020003|"},
      {HEX "return hex(struct.pack('>I4hb', 1, 2, 3))", "$14|00000001000203|"},
      {HEX "return hex(struct.pack('>!4bi', 1, 2))", "$16|0100000000000002|"},
      {HEX "return hex(struct.pack('sc2', 'ab', 'cde'))", "$10|6162006364|"},
      {HEX "return hex(struct.pack('<i3d', -2, 1.5))", "$22|feffff000000000000f83f|"},
      {"return {struct.unpack('I4s', 'abc\\0def\\0')}", "*3|:6513249|$3|def|:9|"},
      {"return {struct.unpack('<bc0', '\\2abc')}", "*2|$2|ab|:4|"},
      {"return {struct.unpack('<i3', '\\254\\255\\255')}", "*2|:-2|:4|"},
      {"return struct.size('!8ib')", ":5|"},
      {"return struct.size('!ibd')", ":16|"},
      {"return struct.size('s')", "-ERR user_script:1: bad argument #1 to 'size' (option 's' has no fixed size)"},
      {"return struct.pack('z', 1)", "-ERR user_script:1: bad argument #1 to 'pack' (invalid format option 'z')"},
      {"return struct.pack('i33', 1)", "-ERR user_script:1: integral size 33 is larger than limit of 32"},
      {"return struct.pack('i99999999999', 1)", "-ERR user_script:1: integral size overflow"},
      {"return struct.pack('!3i', 1)", "-ERR user_script:1: alignment 3 is not a power of 2"},
      {"return struct.unpack('I4', 'abc')", "-ERR user_script:1: bad argument #2 to 'unpack' (data string too short)"},
      {"return struct.unpack('s', 'abc')", "-ERR user_script:1: unfinished string in data"},
      {"return struct.unpack('b', 'abc', 99)",
       "-ERR user_script:1: bad argument #2 to 'unpack' (data string too short)"},
      {"return struct.unpack('c0', 'abc')", "-ERR user_script:1: format 'c0' needs a previous size"},
      {"return struct.unpack('dc0', struct.pack('d', -1))",
       "-ERR user_script:1: bad argument #2 to 'unpack' (data string too short)"},
  });
}

TEST(Libraries, MessagePack) {
  expect({
      {HEX "return hex(cmsgpack.pack({1, 2, {a = 1.5}}))", "$22|93010281a161ca3fc00000|"},
      {HEX "return hex(cmsgpack.pack(-1, -33, 200, 70000, 2^40, -2^40, 0.1))",
       "$74|ffd0dfccc8ce00011170cf0000010000000000d3ffffff0000000000cb3fb999999999999a|"},
      {HEX "return hex(cmsgpack.pack(nil, true, false, {}, function() end))", "$10|c0c3c290c0|"},
      {HEX "return hex(cmsgpack.pack(string.rep('x', 32))):sub(1, 6)", "$6|d92078|"},
      {"return {cmsgpack.unpack_limit('\\1\\2\\3', 2, 0)}", "*3|:2|:1|:2|"},
      {"return {cmsgpack.unpack_one('\\1\\2\\3', 1)}", "*2|:2|:2|"},
      {"return {cmsgpack.unpack_one('\\1\\2\\3', 2)}", "*2|:-1|:3|"},
      {"return cmsgpack.unpack(cmsgpack.pack({a = {b = {1, 2, 'x'}}})).a.b[3]", "$1|x|"},
      {"return {cmsgpack.unpack('\\203\\63\\185\\153\\153\\153\\153\\153\\154')}", "*1|:0|"},
      {"local t = {} t[1] = t return #cmsgpack.pack(t)", ":17|"},
      {"return cmsgpack.unpack('')", "$-1|"},
      {"return cmsgpack.unpack('\\193')", "-ERR user_script:1: Bad data format in input."},
      {"return cmsgpack.unpack('\\220')", "-ERR user_script:1: Missing bytes in input."},
      {"return cmsgpack.unpack('\\221\\255\\255\\255\\255\\1')", "-ERR user_script:1: Missing bytes in input."},
      {"return cmsgpack.unpack('\\219\\255\\255\\255\\255a')", "-ERR user_script:1: Missing bytes in input."},
      {"return cmsgpack.pack()", "-ERR user_script:1: bad argument #0 to 'pack' (MessagePack pack needs input.)"},
      {"return pcall(cmsgpack.unpack, string.rep('\\145', 100000))", "$-1|"},
  });
}

// Random bytes never do more than raise an error.
TEST(Libraries, GarbageIsRefused) {
  Scripts scripts;
  uint64_t state = 1;
  for (int i = 0; i < 3000; ++i) {
    std::string bytes;
    for (int n = 0; n < 12; ++n) {
      state = state * 6364136223846793005ull + 1442695040888963407ull;
      bytes.push_back(static_cast<char>(state >> 56));
    }
    scripts.run("return pcall(cmsgpack.unpack, ARGV[1])", {}, {bytes});
    scripts.run("return pcall(struct.unpack, ARGV[1], ARGV[1])", {}, {bytes});
  }
}

TEST(Libraries, FromPackages) {
  expect({
      {"return cjson.encode({1, 2, {a = 1}})", "$13|[1,2,{\"a\":1}]|"},
      {"return cjson.decode('{\"a\":[1,2,{\"b\":null}]}').a[3].b == cjson.null", ":1|"},
      {"return cjson.encode({[1] = 1, [100] = 2})",
       "-ERR user_script:1: Cannot serialise table: excessively sparse array"},
      {"return bit.tohex(255, 4)", "$4|00ff|"},
      {"return bit.bxor(5, 3)", ":6|"},
  });
}

}  // namespace
}  // namespace guccho::scripting

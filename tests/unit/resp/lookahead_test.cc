// What lies ahead in a read buffer: any input is safe, and whole commands give their keys.
#include "node/resp/lookahead.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace guccho::resp {
namespace {

std::vector<std::string> ahead(std::string_view bytes, size_t most = 16) {
  std::vector<std::string_view> found(most);
  found.resize(look_ahead(bytes, found));
  return {found.begin(), found.end()};
}
using Keys = std::vector<std::string>;

TEST(LookAhead, FirstArgumentsOfWholeCommands) {
  EXPECT_EQ(ahead("*2\r\n$3\r\nGET\r\n$1\r\na\r\n*3\r\n$3\r\nSET\r\n$2\r\nbc\r\n$0\r\n\r\n*2\r\n$3\r\nGET\r\n$1\r\nd\r\n"),
            (Keys{"a", "bc", "d"}));
}

TEST(LookAhead, TakesNoMoreThanAskedFor) {
  EXPECT_EQ(ahead("*2\r\n$3\r\nGET\r\n$1\r\na\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n", 1), Keys{"a"});
}

TEST(LookAhead, ACommandWithAnUnfinishedValueStillGivesItsKey) {
  EXPECT_EQ(ahead("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$100\r\nxyz"), Keys{"a"});
}

TEST(LookAhead, StopsAtWhatIsNoArrayWithAnArgument) {
  const std::string get = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n";
  for (const char* rest : {"PING\r\n", "*1\r\n$4\r\nPING\r\n", "*-1\r\n", "*2\r\n:3\r\n$1\r\na\r\n", "*2\r\n$-1\r\n",
                           "*2\r\n$3\r\nGET\r\n$99999999999999999999\r\na", "*99999999999\r\n", "*2\r\n$x\r\n"}) {
    EXPECT_EQ(ahead(get + rest + get), Keys{"a"}) << rest;
  }
}

TEST(LookAhead, EveryPrefixIsSafe) {
  const std::string bytes = "*3\r\n$3\r\nSET\r\n$3\r\nabc\r\n$2\r\nxy\r\n*2\r\n$3\r\nGET\r\n$3\r\nabc\r\n";
  for (size_t n = 0; n <= bytes.size(); ++n) {
    // A copy of its own, so that the sanitizer sees a step too far.
    const std::vector<char> copy(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(n));
    for (const std::string& key : ahead({copy.data(), copy.size()})) EXPECT_EQ(key, "abc");
  }
}

}  // namespace
}  // namespace guccho::resp

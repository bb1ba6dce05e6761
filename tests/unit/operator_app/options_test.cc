// The command lines of guccho and guccho-operator.
#include "operator/app/options.h"

#include <gmock/gmock.h>

#include <vector>

namespace guccho::ops::app {
namespace {

using testing::HasSubstr;

Command parse(std::vector<const char*> arguments, const char* program = "/usr/bin/guccho") {
  arguments.insert(arguments.begin(), program);
  return parse_guccho(static_cast<int>(arguments.size()), arguments.data());
}

TEST(Guccho, CommandsAndTheirOptions) {
  const auto up = std::get<Up>(parse({"up", "-f", "a.yaml", "--state", "/s"}));
  EXPECT_EQ(up.file, "a.yaml");
  EXPECT_EQ(up.where.state, "/s");
  EXPECT_TRUE(std::get<StatusCommand>(parse({"status", "--json", "--name", "n"})).json);
  EXPECT_EQ(std::get<PlanCommand>(parse({"plan", "--file=x"})).file, "x");
  const auto scale = std::get<Scale>(parse({"scale", "--replicas-per-primary", "0"}));
  EXPECT_EQ(scale.replicas_per_primary, 0);
  EXPECT_EQ(scale.primaries, std::nullopt);
  const auto kill = std::get<Kill>(parse({"kill", "0-1"}));
  EXPECT_EQ(kill.node, "0-1");
  EXPECT_EQ(kill.signal, "KILL");
  EXPECT_EQ(std::get<Kill>(parse({"kill", "0-1", "--signal", "STOP"})).signal, "STOP");
  const auto down = std::get<Down>(parse({"down", "--purge", "-y"}));
  EXPECT_TRUE(down.purge && down.yes);
  EXPECT_TRUE(std::holds_alternative<List>(parse({"list"})));
}

TEST(Guccho, WrongUsageIsOneLineAndTwo) {
  const std::vector<std::vector<const char*>> wrong = {{},
                                                       {"fly"},
                                                       {"up", "--no-such"},
                                                       {"scale"},
                                                       {"kill"},
                                                       {"scale", "--replicas-per-primary", "x"},
                                                       {"up", "--state", "/s", "--name", "n"}};
  for (const auto& arguments : wrong) {
    const auto print = std::get<Print>(parse(arguments));
    EXPECT_EQ(print.exit_status, kBadUsage) << print.text;
    EXPECT_EQ(std::ranges::count(print.text, '\n'), 1) << print.text;
    EXPECT_THAT(print.text, HasSubstr("guccho: "));
  }
}

TEST(Guccho, HelpAndVersionEverywhere) {
  for (const auto& arguments : std::vector<std::vector<const char*>>{{"--help"},
                                                                     {"up", "--help"},
                                                                     {"status", "--help"},
                                                                     {"plan", "--help"},
                                                                     {"scale", "--help"},
                                                                     {"kill", "--help"},
                                                                     {"down", "--help"},
                                                                     {"list", "--help"}}) {
    const auto print = std::get<Print>(parse(arguments));
    EXPECT_EQ(print.exit_status, 0);
    EXPECT_THAT(print.text, HasSubstr("Usage: guccho"));
  }
  EXPECT_EQ(std::get<Print>(parse({"--version"})).text, "guccho " GUCCHO_VERSION "\n");
}

TEST(KubectlGuccho, SaysThatItCannotYet) {
  const auto print = std::get<Print>(parse({"status"}, "/usr/local/bin/kubectl-guccho"));
  EXPECT_EQ(print.exit_status, kFailed);
  EXPECT_THAT(print.text, HasSubstr("does not talk to Kubernetes"));
  EXPECT_EQ(std::get<Print>(parse({"--version"}, "kubectl-guccho")).text, "kubectl-guccho " GUCCHO_VERSION "\n");
}

TEST(GucchoOperator, BackendIsCheckedByName) {
  const std::vector<const char*> wrong = {"guccho-operator", "--backend", "moon"};
  EXPECT_EQ(std::get<Print>(parse_guccho_operator(3, wrong.data())).exit_status, kBadUsage);
  const std::vector<const char*> right = {"guccho-operator", "--backend", "local", "-f", "a.yaml"};
  EXPECT_EQ(std::get<OperatorOptions>(parse_guccho_operator(5, right.data())).up.file, "a.yaml");
}

}  // namespace
}  // namespace guccho::ops::app

// Every target on its corpus, its seeds, and mutations of both that are the same each time: what a compiler without a fuzzer
// can do. An input that once failed lies in corpus/.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "node/base/random.h"
#include "tests/fuzz/target.h"

namespace guccho::fuzz {
namespace {

constexpr int kMutations = 3000;  // a target
constexpr size_t kLongest = 4096;

std::vector<std::string> corpus(std::string_view name) {
  std::vector<std::filesystem::path> paths;
  const std::filesystem::path folder = std::filesystem::path(GUCCHO_FUZZ_CORPUS) / name;
  if (std::filesystem::exists(folder)) {
    for (const auto& file : std::filesystem::directory_iterator(folder)) paths.push_back(file.path());
  }
  std::ranges::sort(paths);  // the order of a directory is any
  std::vector<std::string> inputs;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

// One to four small changes: bytes set to what decoders branch on, bits flipped, parts removed, doubled or taken from another.
std::string mutate(std::string input, const std::vector<std::string>& all, Rng& rng) {
  static constexpr unsigned char kEdges[] = {0x00, 0x01, 0x7f, 0x80, 0x81, 0xc0, 0xc3, 0xf0, 0xfe, 0xff, '0', '-', '\r', '\n'};
  for (uint64_t n = 1 + rng.below(4); n > 0; --n) {
    const size_t at = rng.below(input.size() + 1);
    const size_t length = std::min<size_t>(1 + rng.below(16), input.size() - at);
    switch (rng.below(6)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(kEdges[rng.below(std::size(kEdges))]);
        break;
      case 1:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << rng.below(8)));
        break;
      case 2:
        input.erase(at, length);
        break;
      case 3:
        input.insert(at, input.substr(at, length));
        break;
      case 4:
        input.resize(at);
        break;
      default: {
        const std::string& other = all[rng.below(all.size())];
        const size_t from = rng.below(other.size() + 1);
        input.insert(at, other.substr(from, 1 + rng.below(64)));
      }
    }
  }
  if (input.size() > kLongest) input.resize(kLongest);
  return input;
}

class Replay : public testing::TestWithParam<Target> {};

TEST_P(Replay, CorpusAndMutations) {
  const Target& target = GetParam();
  std::vector<std::string> inputs = target.seeds();
  std::ranges::move(corpus(target.name), std::back_inserter(inputs));
  ASSERT_FALSE(inputs.empty());
  target.run("");
  size_t accepted = 0;
  for (const std::string& input : inputs) accepted += target.run(input);
  EXPECT_GE(accepted * 2, inputs.size()) << "inputs that are refused at once test little";
  Rng rng(20);
  for (int i = 0; i < kMutations; ++i) {
    // An exact allocation, so that a read beyond the end is seen.
    const std::string mutated = mutate(inputs[rng.below(inputs.size())], inputs, rng);
    const std::vector<char> exact(mutated.begin(), mutated.end());
    target.run({exact.data(), exact.size()});
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Replay, testing::ValuesIn(targets().begin(), targets().end()),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
}  // namespace guccho::fuzz

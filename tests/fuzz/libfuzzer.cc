// clang's libFuzzer on the target that GUCCHO_FUZZ_TARGET names. With GUCCHO_FUZZ_SEEDS, its seeds are written to that
// directory before the corpus is read.
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/fuzz/target.h"

namespace {

const guccho::fuzz::Target* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* name = std::getenv("GUCCHO_FUZZ_TARGET");
  for (const auto& target : guccho::fuzz::targets()) {
    if (name != nullptr && target.name == name) chosen = &target;
  }
  if (chosen == nullptr) {
    std::fprintf(stderr, "GUCCHO_FUZZ_TARGET names none of:");
    for (const auto& target : guccho::fuzz::targets()) std::fprintf(stderr, " %s", std::string(target.name).c_str());
    std::fprintf(stderr, "\n");
    std::exit(2);
  }
  if (const char* directory = std::getenv("GUCCHO_FUZZ_SEEDS")) {
    size_t number = 0;
    for (const std::string& seed : chosen->seeds()) {
      std::ofstream(std::string(directory) + "/seed-" + std::to_string(number++), std::ios::binary) << seed;
    }
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  chosen->run({reinterpret_cast<const char*>(data), size});
  return 0;
}

// main() of guccho, the command of the local world; as kubectl-guccho a kubectl plugin.
#include <exception>

#include "operator/app/run.h"

int main(int argc, char** argv) {
  using namespace guccho::ops::app;
  try {
    return std::visit([](const auto& command) { return run(command); }, parse_guccho(argc, argv));
  } catch (const std::exception& unexpected) {
    return complain(unexpected.what());
  }
}

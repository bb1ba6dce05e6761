// main() of guccho-operator: the same engine as `guccho up`, for service managers.
#include <exception>

#include "operator/app/run.h"

int main(int argc, char** argv) {
  using namespace guccho::ops::app;
  try {
    return std::visit([](const auto& command) { return run(command); }, parse_guccho_operator(argc, argv));
  } catch (const std::exception& unexpected) {
    return complain(unexpected.what());
  }
}

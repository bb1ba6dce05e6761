// The contract of backends over the local one, with real processes.
#include <signal.h>

#include "operator/backend/local/local_backend.h"
#include "operator/backend/local/local_store.h"
#include "tests/unit/operator_backend/contract.h"
#include "tests/unit/operator_local/fixture.h"

namespace guccho::ops {
namespace {

class LocalWorld final : public ContractWorld {
 public:
  LocalWorld() {
    cluster_.key = {"default", "contract"};
    cluster_.spec.primaries = 2;
    cluster_.spec.version = "0.1.0";
    cluster_.spec.local = {"127.0.0.1", 20660, 20760};
    EXPECT_TRUE(local::apply(state_, cluster_));
  }
  ~LocalWorld() override {
    EXPECT_TRUE(local::until([&] { return *backend_.stop_all(); }));
    std::filesystem::remove_all(state_.path());
  }
  Backend& backend() override { return backend_; }
  RedisCluster cluster() override { return cluster_; }
  void kill(InstanceId place) override { ::kill(state_.facts(place)->record->process->pid, SIGKILL); }
  bool until(const std::function<bool()>& condition) override { return local::until(condition); }

 private:
  static std::string fresh_directory() {
    std::string name = testing::TempDir() + "guccho-contract-XXXXXX";
    return ::mkdtemp(name.data());
  }

  local::StateDir state_ = *local::StateDir::create(fresh_directory());
  local::LocalBackend backend_{state_, STAND_IN_NODE, {}};
  RedisCluster cluster_;
};

INSTANTIATE_TEST_SUITE_P(Local, BackendContract,
                         testing::Values(ContractFactory([] { return std::make_unique<LocalWorld>(); })));

}  // namespace
}  // namespace guccho::ops

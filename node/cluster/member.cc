// Member: takes events in, hands effects out.
#include "node/cluster/member.h"

#include <utility>

namespace guccho::cluster {

struct PersistedState::Data {
  NodeId self;
};

PersistedState PersistedState::fresh(const NodeId& self) {
  return PersistedState(std::make_shared<const Data>(Data{.self = self}));
}

Result<PersistedState> PersistedState::parse(std::string_view, std::string_view) {
  return fail("nodes.conf: empty");
}

const NodeId& PersistedState::self() const {
  return data_->self;
}

struct Core {
  Config config;
  Rng rng;
  std::shared_ptr<const View> view;
};

Member::Member(Config config, const PersistedState& persisted, Rng rng)
    : core_(std::make_unique<Core>(Core{.config = std::move(config), .rng = rng, .view = nullptr})) {
  View view;
  view.nodes.push_back(NodeView{.id = persisted.self(), .flags = bus::kFlagMyself | bus::kFlagPrimary});
  core_->view = std::make_shared<const View>(std::move(view));
}

Member::~Member() = default;
Member::Member(Member&&) noexcept = default;
Member& Member::operator=(Member&&) noexcept = default;

Effects Member::step(Instant, UnixMillis, const Event&) {
  Effects fx;
  fx.immediate.push_back(PublishView{core_->view});
  return fx;
}

std::shared_ptr<const View> Member::view() const {
  return core_->view;
}
const Config& Member::config() const {
  return core_->config;
}

}  // namespace guccho::cluster

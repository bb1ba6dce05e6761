// Effects that need other threads: the exclusive section, the end of a replication link. The control thread waits for
// them a moment, and most are done by then. When they take longer, as a worker runs a long command or a script, the
// thread goes on with the bus, lest others take this node for dead; what the core wants done after them waits for its
// turn. Messages do not wait: what they say is on disk, and what workers must not do by it any more they do not, since
// clients get no answers meanwhile (Node::fenced).
#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "node/runtime/control.h"
#include "node/runtime/node.h"
#include "node/runtime/replication.h"

namespace guccho::runtime {
namespace {

// Others miss us after T; a tick may be late by so much.
constexpr Millis kPatience(100);

template <class T, class... Ts>
constexpr bool is_one_of = (std::is_same_v<T, Ts> || ...);

bool may_overtake(const cluster::Effect& effect) {
  return std::visit(
      []<class E>(const E&) {
        // Of the end of an absence: what a view takes away that is put off keeps the fence up by itself.
        return is_one_of<E, cluster::SendMessage, cluster::OpenLink, cluster::CloseLink, cluster::DeliverPublish,
                         cluster::PresenceConfirmed, cluster::LogLine, cluster::Count>;
      },
      effect);
}

bool same_ownership(const cluster::View& a, const cluster::View& b) {
  if (a.self().is_primary() != b.self().is_primary()) return false;
  for (uint16_t s = 0; s < kSlotCount; ++s) {
    if (a.owns(Slot(s)) != b.owns(Slot(s))) return false;
  }
  return true;
}

}  // namespace

// Begins something that ends on any thread, by calling what `begin` was given; then does `then`, here. `late` is called
// when that is not to be waited for, and effects are put off until it is done.
void Control::await(const std::function<void(Work done)>& begin, Work then, const Work& late) {
  const auto done = std::make_shared<std::promise<void>>();
  std::future<void> end = done->get_future();
  begin([this, done] {
    done->set_value();
    wakeup_.notify();
  });
  const Millis patience = std::min(kPatience, member_.config().node_timeout / 4);
  if (end.wait_for(patience) == std::future_status::ready) return then();
  if (late) late();
  awaited_.emplace(std::move(end), std::move(then));
}

void Control::in_section(Work work, Work then, const Work& late) {
  const auto begin = [this, work = std::move(work)](const Work& done) {
    node_.exclusive().request([work, done] {
      work();
      done();
    });
  };
  await(begin, std::move(then), late);
}

void Control::promote(Work then) {
  await([this](Work done) { node_.replication().promote(std::move(done)); }, std::move(then));
}

void Control::publish(std::shared_ptr<const cluster::View> view) {
  const Node::ViewChange change = node_.change_view(view);
  const auto settled = [this] { update_loss(); };
  if (!change.exclusively) {
    change.apply();
    return settled();
  }
  const auto late = [this, takes_away = change.takes_away] {
    if (takes_away) node_.set_loss_pending(true);
  };
  const auto pending = std::make_shared<PendingView>(std::move(view));
  in_section([this, pending] { node_.change_view(pending->exchange(nullptr)).apply(); }, settled, late);
  if (awaited_) awaited_->view = pending;
}

bool Control::takes_away(const std::shared_ptr<const cluster::View>& view) const {
  return node_.change_view(view).takes_away;
}

// Whether this node is to lose something and its workers do not know.
void Control::update_loss() {
  bool pending = std::ranges::any_of(put_off_, [this](const cluster::Effect& e) {
    const auto* publish = std::get_if<cluster::PublishView>(&e);
    return publish != nullptr && takes_away(publish->view);
  });
  if (awaited_ && awaited_->view) {
    const std::shared_ptr<const cluster::View> view = awaited_->view->load();
    if (!view && !pending) return;  // it is being put in force, and may be a loss: go_on() looks again
    pending |= view && takes_away(view);
  }
  node_.set_loss_pending(pending);
}

void Control::put_off(const cluster::Effect& effect) {
  if (may_overtake(effect)) return carry_out(effect);
  const auto* publish = std::get_if<cluster::PublishView>(&effect);
  if (publish == nullptr || !supersede(publish->view)) put_off_.push_back(effect);
  if (publish != nullptr) update_loss();
}

// Of views that nothing is to be done between the newest is enough, if they say the same of what is this node's own. A
// loss that passes before the workers learn of it (the majority was silent for a while) is none then, and keeps no
// client waiting.
bool Control::supersede(const std::shared_ptr<const cluster::View>& view) {
  if (!put_off_.empty()) {
    auto* last = std::get_if<cluster::PublishView>(&put_off_.back());
    if (last == nullptr || !same_ownership(*last->view, *view)) return false;
    last->view = view;
    return true;
  }
  if (!awaited_->view) return false;
  std::shared_ptr<const cluster::View> older = awaited_->view->load();
  if (!older || !same_ownership(*older, *view)) return false;
  return awaited_->view->compare_exchange_strong(older, view);  // fails when it is being put in force
}

// What was awaited may be done: the effects behind it are carried out, as far as none of them is to be awaited itself.
void Control::go_on() {
  stepping_ = true;  // events that they cause come after them
  while (awaited_) {
    if (awaited_->end.wait_for(Millis(0)) != std::future_status::ready) break;
    const Work then = std::move(std::exchange(awaited_, std::nullopt)->then);
    then();
    while (!awaited_ && !put_off_.empty()) {
      const cluster::Effect effect = std::move(put_off_.front());
      put_off_.pop_front();
      carry_out(effect);
    }
  }
  run_due();
}

}  // namespace guccho::runtime

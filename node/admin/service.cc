// The calls of the admin service.
#include "node/admin/service.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <future>

namespace guccho::admin {
namespace {

using cluster::NodeView;
namespace request = cluster::request;

constexpr Millis kWatchPeriod{100};
constexpr int kMaxWatches = 4;  // each keeps a thread
constexpr std::chrono::seconds kLongestWait{30};

grpc::Status refused(std::string text) {
  if (text.starts_with("ERR ")) text.erase(0, 4);
  return {grpc::StatusCode::FAILED_PRECONDITION, std::move(text)};
}
grpc::Status conflict(std::string text) {
  return {grpc::StatusCode::ABORTED, std::move(text)};
}
grpc::Status malformed(std::string text) {
  return {grpc::StatusCode::INVALID_ARGUMENT, std::move(text)};
}

const NodeView* find_node(const cluster::View& view, const NodeId& id) {
  const auto found = std::find_if(view.nodes.begin(), view.nodes.end(), [&](const NodeView& n) { return n.id == id; });
  return found == view.nodes.end() ? nullptr : &*found;
}

// Its fields are all given; returns who is dead.
NodeId check_proof(FieldReader& fields, const v1::ProofOfDeath& proof) {
  const NodeId dead = fields.id(proof.node_id(), "proof.node_id");
  fields.require(!proof.incarnation().empty(), "proof.incarnation", "not given");
  fields.require(!proof.evidence().empty(), "proof.evidence", "not given");
  return dead;
}

// A process that ended, unlike these, may come back with its data.
bool proves_loss(const v1::ProofOfDeath& proof) {
  return proof.evidence() == "storage deleted" || proof.evidence() == "machine deleted";
}

// What changes all the time, taken out, so that a watch speaks only of facts.
void keep_facts(v1::NodeStatus& s) {
  s.clear_keys();
  s.clear_expiring_keys();
  s.clear_used_memory();
  s.clear_replication_offset();
  for (v1::Peer& peer : *s.mutable_peers()) peer.clear_replication_offset();
}

}  // namespace

void AdminService::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  stopping_.notify_all();
}

v1::NodeStatus AdminService::status_now() {
  v1::NodeStatus s;
  to_proto(host_.status(), fence_.term(), &s);
  return s;
}

grpc::Status AdminService::admit(FieldReader& fields, const v1::Guard& guard, View& view) {
  fields.require(guard.fencing_term() != 0, "guard.fencing_term", "not given");
  const NodeId meant = guard.node_id().empty() ? NodeId() : fields.id(guard.node_id(), "guard.node_id");
  if (!fields.ok()) return malformed(fields.problem());
  view = host_.status().view;
  if (view == nullptr) return refused("the node is starting");
  if (!meant.is_null() && meant != view->self().id) {
    return conflict(fmt::format("this is node {}, not {}", view->self().id.view(), meant.view()));
  }
  const Fence::Answer fence = fence_.check(guard.fencing_term());
  switch (fence.verdict) {
    case Fence::Verdict::kAccepted:
      return grpc::Status::OK;
    case Fence::Verdict::kDeposed:
      return {grpc::StatusCode::PERMISSION_DENIED, fence.text};
    case Fence::Verdict::kNotPersisted:
      return {grpc::StatusCode::INTERNAL, fence.text};
  }
  return {grpc::StatusCode::INTERNAL, "unknown verdict"};
}

grpc::Status AdminService::answer(grpc::ServerContext* context, const std::function<void(AdminHost::Done)>& act) {
  // Shared: the host may answer after this call has given up.
  const auto promise = std::make_shared<std::promise<Result<std::string>>>();
  std::future<Result<std::string>> future = promise->get_future();
  act([promise](Result<std::string> result) { promise->set_value(std::move(result)); });
  const auto now = std::chrono::system_clock::now();
  const auto until = std::min(context->deadline(), now + kLongestWait);
  if (future.wait_until(until) != std::future_status::ready) {
    return {grpc::StatusCode::DEADLINE_EXCEEDED, "the node did not finish in time; it may still do so"};
  }
  const Result<std::string> result = future.get();
  return result ? grpc::Status::OK : refused(result.error().text);
}

grpc::Status AdminService::submit(grpc::ServerContext* context, cluster::Request r) {
  return answer(context, [&](AdminHost::Done done) { host_.submit(std::move(r), std::move(done)); });
}

grpc::Status AdminService::Status(grpc::ServerContext*, const v1::StatusRequest*, v1::NodeStatus* response) {
  const StatusFacts facts = host_.status();
  if (facts.view == nullptr) return {grpc::StatusCode::UNAVAILABLE, "the node is starting"};
  to_proto(facts, fence_.term(), response);
  return grpc::Status::OK;
}

grpc::Status AdminService::Watch(grpc::ServerContext* context, const v1::WatchRequest*,
                                 grpc::ServerWriter<v1::NodeStatus>* writer) {
  std::unique_lock lock(mutex_);
  if (watches_ == kMaxWatches) {
    return {grpc::StatusCode::RESOURCE_EXHAUSTED, fmt::format("{} watches run already", kMaxWatches)};
  }
  ++watches_;
  std::string told;
  while (!stopped_ && !context->IsCancelled()) {
    lock.unlock();
    const v1::NodeStatus now = status_now();
    v1::NodeStatus facts = now;
    keep_facts(facts);
    std::string text = facts.SerializeAsString();
    const bool gone = text != told && !writer->Write(now);
    told = std::move(text);
    lock.lock();
    if (gone) break;
    stopping_.wait_for(lock, kWatchPeriod, [&] { return stopped_; });
  }
  --watches_;
  return grpc::Status::OK;
}

grpc::Status AdminService::Capabilities(grpc::ServerContext*, const v1::CapabilitiesRequest*,
                                        v1::CapabilitiesResponse* response) {
  for (const char* name : {"watch", "meet", "assign", "replicate", "failover", "takeover", "forget", "forget-on-proof",
                           "config", "reload-certificates", "drain", "shutdown"}) {
    response->add_names(name);
  }
  return grpc::Status::OK;
}

grpc::Status AdminService::Meet(grpc::ServerContext* context, const v1::MeetRequest* r, v1::MutationResponse*) {
  FieldReader fields;
  request::Meet meet;
  meet.ip = fields.address(r->peer().host(), "peer.host");
  // Handshakes name the port that clients use, whichever it is; the bus port decides where the bus goes.
  meet.port = fields.port(r->peer().port() != 0 ? r->peer().port() : r->peer().tls_port(), "peer.port");
  meet.bus_port = fields.port(r->peer().bus_port(), "peer.bus_port");
  fields.require(meet.port != 0, "peer.port", "not given");
  View view;
  if (const auto s = admit(fields, r->guard(), view); !s.ok()) return s;
  return submit(context, meet);
}

grpc::Status AdminService::AssignSlots(grpc::ServerContext* context, const v1::AssignSlotsRequest* r,
                                       v1::MutationResponse*) {
  FieldReader fields;
  const SlotSet wanted = fields.slots(r->slots(), "slots");
  View view;
  if (const auto s = admit(fields, r->guard(), view); !s.ok()) return s;
  SlotSet missing;
  for (uint16_t i = 0; i < kSlotCount; ++i) {
    const Slot slot(i);
    if (!wanted.contains(slot) || view->slots->owner[i] == 0) continue;
    if (view->slots->owner[i] != cluster::kNoNode) {
      return conflict(fmt::format("slot {} belongs to {}", i, view->nodes[view->slots->owner[i]].id.view()));
    }
    missing.insert(slot);
  }
  // An epoch can be chosen only by a node that knows no other; later the collision rule makes them different.
  const bool may_choose = view->nodes.size() == 1 && view->self().config_epoch == ConfigEpoch();
  if (r->config_epoch() != 0 && may_choose) {
    const auto s = submit(context, request::SetConfigEpoch{ConfigEpoch(r->config_epoch())});
    if (!s.ok()) return s;
  }
  if (missing.empty()) return grpc::Status::OK;
  return submit(context, request::AddSlots{missing});
}

grpc::Status AdminService::Replicate(grpc::ServerContext* context, const v1::ReplicateRequest* r,
                                     v1::MutationResponse*) {
  FieldReader fields;
  const NodeId primary = fields.id(r->primary_id(), "primary_id");
  View view;
  if (const auto s = admit(fields, r->guard(), view); !s.ok()) return s;
  if (view->self().is_replica() && view->self().primary_id == primary) return grpc::Status::OK;
  return submit(context, request::Replicate{primary});
}

grpc::Status AdminService::Failover(grpc::ServerContext* context, const v1::FailoverRequest* r, v1::MutationResponse*) {
  using Mode = request::Failover::Mode;
  FieldReader fields;
  const bool takeover = r->mode() == v1::FAILOVER_MODE_TAKEOVER;
  fields.require(takeover || r->mode() == v1::FAILOVER_MODE_GRACEFUL || r->mode() == v1::FAILOVER_MODE_FORCE, "mode",
                 "not given or not known");
  NodeId dead;
  if (takeover) {
    fields.require(r->has_proof(), "proof", "demanded by a takeover");
    if (r->has_proof()) dead = check_proof(fields, r->proof());
  }
  View view;
  if (const auto s = admit(fields, r->guard(), view); !s.ok()) return s;
  if (!view->self().is_replica()) return conflict("this node is a primary");
  if (!takeover) {
    return submit(context, request::Failover{r->mode() == v1::FAILOVER_MODE_FORCE ? Mode::kForce : Mode::kDefault});
  }
  if (dead != view->self().primary_id) {
    return conflict(
        fmt::format("the proof is about {}, the primary is {}", dead.view(), view->self().primary_id.view()));
  }
  return submit(context, request::TakeoverOnProof{dead});
}

grpc::Status AdminService::Forget(grpc::ServerContext* context, const v1::ForgetRequest* r, v1::MutationResponse*) {
  FieldReader fields;
  const NodeId id = fields.id(r->forget_id(), "forget_id");
  if (r->has_proof()) {
    check_proof(fields, r->proof());
    // One that is about somebody else proves nothing here, and is no state that could change.
    fields.require(r->proof().node_id() == r->forget_id(), "proof.node_id", "is not forget_id");
    fields.require(proves_loss(r->proof()), "proof.evidence", "does not say that the data is gone");
  }
  View view;
  if (const auto s = admit(fields, r->guard(), view); !s.ok()) return s;
  const NodeView* node = find_node(*view, id);
  if (node == nullptr) return grpc::Status::OK;
  if (node->id == view->self().id) return refused("a node does not forget itself");
  if (view->self().primary_id == id) return refused("a replica does not forget its primary");
  if (node->slot_count != 0 && !r->has_proof()) {
    return refused(fmt::format("{} owns {} slots", id.view(), node->slot_count));
  }
  for (const NodeView& other : view->nodes) {
    if (other.primary_id == id) return refused(fmt::format("{} is followed by {}", id.view(), other.id.view()));
  }
  if (node->slot_count != 0) return submit(context, request::ForgetOnProof{id});
  return submit(context, request::Forget{id});
}

grpc::Status AdminService::GetConfig(grpc::ServerContext*, const v1::GetConfigRequest* r,
                                     v1::GetConfigResponse* response) {
  const std::vector<std::string_view> patterns(r->patterns().begin(), r->patterns().end());
  for (const auto& [name, value] : host_.config_get(patterns)) (*response->mutable_values())[name] = value;
  return grpc::Status::OK;
}

grpc::Status AdminService::SetConfig(grpc::ServerContext* context, const v1::SetConfigRequest* r,
                                     v1::MutationResponse*) {
  FieldReader fields;
  fields.require(!r->values().empty(), "values", "none given");
  View view;
  if (const auto s = admit(fields, r->guard(), view); !s.ok()) return s;
  return answer(context, [&](AdminHost::Done done) {
    host_.config_set({r->values().begin(), r->values().end()}, r->rewrite(), std::move(done));
  });
}

grpc::Status AdminService::ReloadCertificates(grpc::ServerContext* context, const v1::ReloadRequest* r,
                                              v1::MutationResponse*) {
  FieldReader fields;
  View view;
  if (const auto s = admit(fields, r->guard(), view); !s.ok()) return s;
  return answer(context, [&](AdminHost::Done done) { host_.reload_certificates(std::move(done)); });
}

grpc::Status AdminService::Drain(grpc::ServerContext* context, const v1::DrainRequest* r, v1::MutationResponse*) {
  FieldReader fields;
  View view;
  if (const auto s = admit(fields, r->guard(), view); !s.ok()) return s;
  return answer(context, [&](AdminHost::Done done) { host_.drain(std::move(done)); });
}

grpc::Status AdminService::Shutdown(grpc::ServerContext*, const v1::ShutdownRequest* r, v1::MutationResponse*) {
  FieldReader fields;
  View view;
  if (const auto s = admit(fields, r->guard(), view); !s.ok()) return s;
  host_.shutdown(r->hand_over());
  return grpc::Status::OK;
}

}  // namespace guccho::admin

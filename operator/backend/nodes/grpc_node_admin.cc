// The gRPC client of the nodes' admin service. Deadlines, cancellation and the meaning of status codes live here; the
// messages are translated in translate.cc.
#include "operator/backend/nodes/grpc_node_admin.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>

#include "guccho/admin/v1/admin.grpc.pb.h"
#include "operator/backend/nodes/translate.h"

namespace guccho::ops {
namespace {

namespace wire = admin::v1;

constexpr size_t kMaxTargets = 4096;
constexpr int kReconnectMillis = 100;

// A context with the call's deadline, cancelled when a stop is requested meanwhile.
class BoundedContext {
 public:
  explicit BoundedContext(const CallContext& call) : on_stop_(call.stop, [this] { context_.TryCancel(); }) {
    context_.set_deadline(std::chrono::system_clock::now() + call.timeout);
  }
  grpc::ClientContext* get() { return &context_; }

 private:
  grpc::ClientContext context_;
  std::stop_callback<std::function<void()>> on_stop_;
};

// The table at the head of admin.proto.
Answer answer_of(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return Answer::accepted();
    case grpc::StatusCode::ABORTED:
      return Answer::conflict(status.error_message());
    case grpc::StatusCode::PERMISSION_DENIED:
      return Answer::fenced(status.error_message());
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::UNIMPLEMENTED:
      return Answer::refused(status.error_message());
    default:
      return Answer::unanswered(status.error_message());
  }
}

std::unexpected<Error> silence(const NodeRef& node, const grpc::Status& status) {
  return fail(fmt::format("{}: {}", node.admin, status.error_message()));
}

class GrpcNodeAdmin final : public NodeAdmin {
 public:
  void set_term(FencingTerm term) override {
    uint64_t known = term_.load();
    while (known < term.value && !term_.compare_exchange_weak(known, term.value)) {
    }
  }

  std::vector<Result<NodeStatus>> status(std::span<const NodeRef> nodes, const CallContext& call) override;

  Result<std::vector<std::string>> capabilities(const NodeRef& node, const CallContext& call) override {
    wire::CapabilitiesResponse response;
    BoundedContext context(call);
    const auto done = stub(node.admin)->Capabilities(context.get(), {}, &response);
    if (!done.ok()) return silence(node, done);
    return std::vector<std::string>(response.names().begin(), response.names().end());
  }

  Answer meet(const NodeRef& node, const Endpoints& peer, const CallContext& call) override {
    wire::MeetRequest request;
    request.mutable_peer()->set_host(peer.host);
    request.mutable_peer()->set_port(peer.port);
    request.mutable_peer()->set_tls_port(peer.tls_port);
    request.mutable_peer()->set_bus_port(peer.bus_port);
    return mutate(&Stub::Meet, request, node, call);
  }

  Answer assign_slots(const NodeRef& node, std::span<const SlotRange> slots, ConfigEpoch epoch,
                      const CallContext& call) override {
    wire::AssignSlotsRequest request;
    to_proto(slots, request.mutable_slots());
    request.set_config_epoch(epoch.value);
    return mutate(&Stub::AssignSlots, request, node, call);
  }

  Answer replicate(const NodeRef& node, const NodeId& primary, const CallContext& call) override {
    wire::ReplicateRequest request;
    request.set_primary_id(primary.str());
    return mutate(&Stub::Replicate, request, node, call);
  }

  Answer failover(const NodeRef& node, FailoverMode mode, const ProofOfDeath* proof, const CallContext& call) override {
    wire::FailoverRequest request;
    request.set_mode(to_proto(mode));
    if (proof) *request.mutable_proof() = to_proto(*proof);
    return mutate(&Stub::Failover, request, node, call);
  }

  Answer forget(const NodeRef& node, const NodeId& forgotten, const ProofOfDeath* proof,
                const CallContext& call) override {
    wire::ForgetRequest request;
    request.set_forget_id(forgotten.str());
    if (proof) *request.mutable_proof() = to_proto(*proof);
    return mutate(&Stub::Forget, request, node, call);
  }

  Result<std::map<std::string, std::string>> get_config(const NodeRef& node, std::span<const std::string> patterns,
                                                        const CallContext& call) override {
    wire::GetConfigRequest request;
    for (const std::string& pattern : patterns) request.add_patterns(pattern);
    wire::GetConfigResponse response;
    BoundedContext context(call);
    const auto done = stub(node.admin)->GetConfig(context.get(), request, &response);
    if (!done.ok()) return silence(node, done);
    return std::map<std::string, std::string>(response.values().begin(), response.values().end());
  }

  Answer set_config(const NodeRef& node, const std::map<std::string, std::string>& values,
                    const CallContext& call) override {
    wire::SetConfigRequest request;
    request.mutable_values()->insert(values.begin(), values.end());
    return mutate(&Stub::SetConfig, request, node, call);
  }

  Answer drain(const NodeRef& node, const CallContext& call) override {
    return mutate(&Stub::Drain, wire::DrainRequest(), node, call);
  }

  Answer shutdown(const NodeRef& node, bool hand_over, const CallContext& call) override {
    wire::ShutdownRequest request;
    request.set_hand_over(hand_over);
    return mutate(&Stub::Shutdown, request, node, call);
  }

 private:
  using Stub = wire::NodeAdmin::Stub;

  std::shared_ptr<Stub> stub(const std::string& target);

  template <class Request>
  Answer mutate(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, wire::MutationResponse*),
                Request request, const NodeRef& node, const CallContext& call) {
    request.mutable_guard()->set_fencing_term(term_.load());
    if (!node.id.is_null()) request.mutable_guard()->set_node_id(node.id.str());
    wire::MutationResponse response;
    BoundedContext context(call);
    return answer_of((*stub(node.admin).*method)(context.get(), request, &response));
  }

  std::atomic<uint64_t> term_{0};
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Stub>> stubs_;
};

std::shared_ptr<wire::NodeAdmin::Stub> GrpcNodeAdmin::stub(const std::string& target) {
  const std::lock_guard lock(mutex_);
  if (const auto found = stubs_.find(target); found != stubs_.end()) return found->second;
  if (stubs_.size() >= kMaxTargets) stubs_.clear();  // calls under way keep theirs
  grpc::ChannelArguments arguments;
  // gRPC's own back-off grows to two minutes; a node that was restarted is to be seen at once.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMillis);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectMillis);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMillis);
  auto channel = grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  return stubs_[target] = wire::NodeAdmin::NewStub(channel);
}

std::vector<Result<NodeStatus>> GrpcNodeAdmin::status(std::span<const NodeRef> nodes, const CallContext& call) {
  struct Question {
    explicit Question(const CallContext& limits) : context(limits) {}
    BoundedContext context;
    std::shared_ptr<Stub> stub;
    std::unique_ptr<grpc::ClientAsyncResponseReader<wire::NodeStatus>> reader;
    wire::NodeStatus response;
    grpc::Status status;
  };
  grpc::CompletionQueue queue;
  std::vector<std::unique_ptr<Question>> questions;
  for (const NodeRef& node : nodes) {
    auto& question = *questions.emplace_back(std::make_unique<Question>(call));
    question.stub = stub(node.admin);
    question.reader = question.stub->AsyncStatus(question.context.get(), {}, &queue);
    question.reader->Finish(&question.response, &question.status, &question);
  }
  // Each question ends by its deadline or its cancellation, so that this ends too.
  void* tag = nullptr;
  bool ok = false;
  for (size_t i = 0; i < questions.size(); ++i) queue.Next(&tag, &ok);
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }

  std::vector<Result<NodeStatus>> out;
  for (size_t i = 0; i < questions.size(); ++i) {
    const Question& question = *questions[i];
    if (!question.status.ok()) {
      out.emplace_back(silence(nodes[i], question.status));
      continue;
    }
    auto read = from_proto(question.response);
    if (!read) read = fail(fmt::format("{}: {}", nodes[i].admin, read.error().text));
    out.push_back(std::move(read));
  }
  return out;
}

}  // namespace

std::unique_ptr<NodeAdmin> make_grpc_node_admin() {
  return std::make_unique<GrpcNodeAdmin>();
}

}  // namespace guccho::ops

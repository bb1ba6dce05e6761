// The NodeAdmin service: checks each call (its fields, that it means this node, its fencing term), hands it to the host
// and gives the host's answer its status code. Includes gRPC: for this folder's sources only.
#pragma once

#include <condition_variable>
#include <mutex>

#include "guccho/admin/v1/admin.grpc.pb.h"
#include "node/admin/host.h"
#include "node/admin/term_file.h"
#include "node/admin/translate.h"

namespace guccho::admin {

class AdminService final : public v1::NodeAdmin::Service {
 public:
  AdminService(AdminHost& host, TermFile terms) : host_(host), fence_(std::move(terms)) {}

  // Ends the watches; no call begins after it has an effect.
  void stop();

  grpc::Status Status(grpc::ServerContext*, const v1::StatusRequest*, v1::NodeStatus*) override;
  grpc::Status Watch(grpc::ServerContext*, const v1::WatchRequest*, grpc::ServerWriter<v1::NodeStatus>*) override;
  grpc::Status Capabilities(grpc::ServerContext*, const v1::CapabilitiesRequest*, v1::CapabilitiesResponse*) override;
  grpc::Status Meet(grpc::ServerContext*, const v1::MeetRequest*, v1::MutationResponse*) override;
  grpc::Status AssignSlots(grpc::ServerContext*, const v1::AssignSlotsRequest*, v1::MutationResponse*) override;
  grpc::Status Replicate(grpc::ServerContext*, const v1::ReplicateRequest*, v1::MutationResponse*) override;
  grpc::Status Failover(grpc::ServerContext*, const v1::FailoverRequest*, v1::MutationResponse*) override;
  grpc::Status Forget(grpc::ServerContext*, const v1::ForgetRequest*, v1::MutationResponse*) override;
  grpc::Status GetConfig(grpc::ServerContext*, const v1::GetConfigRequest*, v1::GetConfigResponse*) override;
  grpc::Status SetConfig(grpc::ServerContext*, const v1::SetConfigRequest*, v1::MutationResponse*) override;
  grpc::Status ReloadCertificates(grpc::ServerContext*, const v1::ReloadRequest*, v1::MutationResponse*) override;
  grpc::Status Drain(grpc::ServerContext*, const v1::DrainRequest*, v1::MutationResponse*) override;
  grpc::Status Shutdown(grpc::ServerContext*, const v1::ShutdownRequest*, v1::MutationResponse*) override;

 private:
  using View = std::shared_ptr<const cluster::View>;

  v1::NodeStatus status_now();
  // The checks that every changing call passes, in this order: fields, meant for us, fencing term. On success `view` is
  // the cluster as it is now.
  grpc::Status admit(FieldReader& fields, const v1::Guard& guard, View& view);
  // Runs `act`, waits for its answer until the call's deadline (at most 30 s).
  grpc::Status answer(grpc::ServerContext* context, const std::function<void(AdminHost::Done)>& act);
  grpc::Status submit(grpc::ServerContext* context, cluster::Request request);

  AdminHost& host_;
  Fence fence_;
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool stopped_ = false;
  int watches_ = 0;
};

}  // namespace guccho::admin

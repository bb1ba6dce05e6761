// The state directory of a local cluster: everything that an operator that comes back needs to know.
//
//   operator.lock     held by the operator that leads
//   term              the fencing term of the last one that led
//   resource.json     the RedisCluster (without status); resource.lock guards its read-modify-write
//   status.json       what the operator last said
//   down              there while `guccho down` wants the operator to end
//   node-program      the guccho-node that supervisors are started with, unless told otherwise
//   roles, events.log for people and scripts
//   nodes/S-O/        one place: `place` (ours), node.conf (ours), desired (ours), record (the supervisor's), logs
//   nodes/S-O/data/   the node's data directory
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "node/base/result.h"
#include "node/supervise/directory_lock.h"
#include "operator/backend/answer.h"
#include "operator/backend/backend.h"
#include "operator/backend/local/place.h"
#include "operator/model/redis_cluster.h"

namespace guccho::ops::local {

class StateDir {
 public:
  // An absolute path; nothing is touched.
  explicit StateDir(std::string path) : path_(std::move(path)) {}
  // Makes the directory (for the owner only) if need be. Fails when it is so deep that the nodes' sockets would not
  // fit, and when it holds something else and no cluster.
  static Result<StateDir> create(const std::string& path);

  const std::string& path() const { return path_; }
  bool exists() const;
  std::string place_path(InstanceId id) const;
  std::string data_path(InstanceId id) const;

  // Ascending. Empty when there are none.
  Result<std::vector<InstanceId>> places() const;
  Result<PlaceFacts> facts(InstanceId id) const;
  Status write_place(InstanceId id, const Place& place) const;
  Status write_desired(InstanceId id, const supervise::Desired& desired) const;
  Status write_node_config(InstanceId id, const std::string& text) const;
  std::string node_config_path(InstanceId id) const;
  // Deletes the place with its data. The caller has made sure that nothing runs in it.
  Status delete_place(InstanceId id) const;

  // Nothing when there is certainly none. With its status.
  Result<std::optional<RedisCluster>> resource() const;
  // Calls change() with the present resource, if any, and writes what it returns; safe against other processes that do
  // the same. The status of the result is not written.
  Status edit_resource(const std::function<Result<RedisCluster>(std::optional<RedisCluster>)>& change) const;
  Status write_status(const RedisClusterStatus& status) const;

  Status write_roles(const std::map<InstanceId, Role>& roles) const;
  // As last written; those of unknown role are missing.
  std::map<InstanceId, Role> roles() const;
  // Appends one line; above 1 MiB the file becomes events.log.1 first.
  void append_event(const Event& event) const;

  // Asks the operator that leads, if any, to end; it looks five times a second. Taken back by the next that leads.
  Status ask_down() const;
  bool down_asked() const;
  Status take_down_back() const;

  // Empty when none was ever written.
  std::string node_program() const;
  Status write_node_program(const std::string& program) const;

  // Deletes all that is listed above and nothing else, the resource last; then the directory, if nothing is left in it:
  // false when something is. The caller leads, and has made sure that nothing runs.
  Result<bool> purge() const;

  // Becomes the one operator of this directory: the lock, and a term greater than any before, on disk.
  struct Leader {
    supervise::DirectoryLock lock;
    FencingTerm term;
  };
  Result<Leader> lead() const;

 private:
  Status delete_traces() const;
  std::string path_;
};

}  // namespace guccho::ops::local

// A node for the tests of the admin service: a view that the test fills, and a list of what was asked of it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "node/admin/host.h"

namespace guccho::admin {

inline const NodeId kSelf = *NodeId::parse(std::string(40, 'a'));
inline const NodeId kOther = *NodeId::parse(std::string(40, 'b'));
inline const NodeId kThird = *NodeId::parse(std::string(40, 'c'));

// A directory that goes away with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "guccho-admin-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline cluster::NodeView node(const NodeId& id, uint16_t flags) {
  cluster::NodeView n;
  n.id = id;
  n.flags = flags;
  n.ip = "127.0.0.1";
  n.tcp_port = 7000;
  n.bus_port = 17000;
  return n;
}

class FakeHost final : public AdminHost {
 public:
  FakeHost() {
    cluster::View view;
    view.nodes = {node(kSelf, bus::kFlagPrimary | bus::kFlagMyself)};
    set_view(std::move(view));
  }

  void set_view(cluster::View view) {
    const std::lock_guard lock(mutex_);
    view_ = std::make_shared<const cluster::View>(std::move(view));
  }
  void set_facts(StatusFacts facts) {
    const std::lock_guard lock(mutex_);
    facts_ = std::move(facts);
  }
  std::vector<cluster::Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  template <class T>
  const T* last() const {
    const std::lock_guard lock(mutex_);
    return requests_.empty() ? nullptr : std::get_if<T>(&requests_.back());
  }

  StatusFacts status() override {
    const std::lock_guard lock(mutex_);
    StatusFacts facts = facts_;
    facts.view = view_;
    return facts;
  }
  void submit(cluster::Request request, Done done) override {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
    }
    if (!silent) done(reply);
  }
  std::vector<std::pair<std::string, std::string>> config_get(std::span<const std::string_view> patterns) override {
    return {{std::string(patterns.front()), "1"}};
  }
  void config_set(std::vector<std::pair<std::string, std::string>> pairs, bool rewrite, Done done) override {
    set_pairs = std::move(pairs);
    rewritten = rewrite;
    done(reply);
  }
  void reload_certificates(Done done) override { done(reply); }
  void drain(Done done) override { done(reply); }
  void shutdown(bool hand_over) override { stopped = hand_over ? "handed over" : "at once"; }

  Result<std::string> reply = std::string("OK");
  bool silent = false;
  std::vector<std::pair<std::string, std::string>> set_pairs;
  bool rewritten = false;
  std::string stopped;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const cluster::View> view_;
  StatusFacts facts_;
  std::vector<cluster::Request> requests_;
};

}  // namespace guccho::admin

// Waiting commands.
#include "node/runtime/blocked_clients.h"

#include <algorithm>

namespace guccho::runtime {

BlockedClients::Ticket BlockedClients::add(BlockedCommand command) {
  if (ended_.contains(command.place.client)) return 0;
  if (const auto old = of_client(command.place.client)) remove(*old);
  // A key named twice is waited for once.
  std::sort(command.keys.begin(), command.keys.end());
  command.keys.erase(std::unique(command.keys.begin(), command.keys.end()), command.keys.end());
  const Ticket ticket = ++last_;
  for (const std::string& key : command.keys) {
    Key& k = keys_[key];
    k.waiters.insert(ticket);
    if (command.when_gone && k.when_gone++ == 0) ++keys_when_gone_;
  }
  if (command.deadline != 0) deadlines_.emplace(command.deadline, ticket);
  clients_[command.place.client] = ticket;
  waiting_.emplace(ticket, std::move(command));
  return ticket;
}

const BlockedCommand* BlockedClients::find(Ticket ticket) const {
  const auto it = waiting_.find(ticket);
  return it == waiting_.end() ? nullptr : &it->second;
}

std::optional<BlockedClients::Ticket> BlockedClients::of_client(uint64_t client) const {
  const auto it = clients_.find(client);
  return it == clients_.end() ? std::nullopt : std::optional(it->second);
}

BlockedCommand BlockedClients::remove(Ticket ticket) {
  auto node = waiting_.extract(ticket);
  BlockedCommand command = std::move(node.mapped());
  for (const std::string& key : command.keys) {
    const auto it = keys_.find(key);
    it->second.waiters.erase(ticket);
    if (command.when_gone && --it->second.when_gone == 0) --keys_when_gone_;
    if (it->second.waiters.empty()) keys_.erase(it);
  }
  if (command.deadline != 0) deadlines_.erase({command.deadline, ticket});
  clients_.erase(command.place.client);
  return command;
}

void BlockedClients::end(uint64_t client) {
  forget(client);
  ended_.insert(client);
}

void BlockedClients::forget(uint64_t client) {
  if (const auto ticket = of_client(client)) remove(*ticket);
  ended_.erase(client);
}

void BlockedClients::set_user(uint64_t client, std::shared_ptr<const acl::User> user) {
  if (const auto ticket = of_client(client)) waiting_.at(*ticket).caller.user = std::move(user);
}

void BlockedClients::touch(std::string_view key) {
  const auto it = keys_.find(key);
  if (it == keys_.end() || it->second.ready) return;
  it->second.ready = true;
  ready_.push_back(it->first);
}

void BlockedClients::touch_all() {
  for (auto& [name, key] : keys_) {
    if (!std::exchange(key.ready, true)) ready_.push_back(name);
  }
}

std::string BlockedClients::take_ready() {
  std::string key = std::move(ready_[first_ready_++]);
  if (first_ready_ == ready_.size()) {
    ready_.clear();
    first_ready_ = 0;
  }
  if (const auto it = keys_.find(key); it != keys_.end()) it->second.ready = false;
  return key;
}

std::optional<BlockedClients::Ticket> BlockedClients::next(std::string_view key, Ticket after) const {
  const auto it = keys_.find(key);
  if (it == keys_.end()) return std::nullopt;
  const auto ticket = it->second.waiters.upper_bound(after);
  return ticket == it->second.waiters.end() ? std::nullopt : std::optional(*ticket);
}

bool BlockedClients::wanted_when_gone(std::string_view key) const {
  const auto it = keys_.find(key);
  return it != keys_.end() && it->second.when_gone > 0;
}

std::optional<BlockedClients::Ticket> BlockedClients::due(uint64_t now) const {
  if (deadlines_.empty() || deadlines_.begin()->first > now) return std::nullopt;
  return deadlines_.begin()->second;
}

std::vector<BlockedClients::Ticket> BlockedClients::all() const {
  std::vector<Ticket> out;
  for (const auto& [ticket, command] : waiting_) out.push_back(ticket);
  return out;
}

}  // namespace guccho::runtime

// MIGRATE step by step. Functions with a Worker in their arguments run on its thread, the others on the migrations'.
#include "node/runtime/migration_run.h"

#include <poll.h>

#include <algorithm>
#include <future>

#include "node/base/log.h"
#include "node/cluster/view.h"
#include "node/rdb/dump.h"
#include "node/resp/writer.h"
#include "node/runtime/clock.h"
#include "node/runtime/node.h"
#include "node/runtime/worker.h"
#include "node/store/keyspace.h"

namespace guccho::runtime {
namespace {

// A batch is made in one turn of its worker, which takes some milliseconds.
constexpr size_t kBatchBytes = 2 << 20;
constexpr size_t kBatchKeys = 1024;
// How often a key is sent before it is given up, and from which round on writes to it are put off while its slot moves.
constexpr int kRounds = 8;
constexpr int kPutOffFrom = 4;
// Requests are collected up to this before they are written.
constexpr size_t kWriteBytes = 64 * 1024;
// Between two visits at an owner that may not write now.
constexpr int kPauseMillis = 5;

}  // namespace

MigrationRun::MigrationRun(Node& node, const commands::Migration& migration, const Wakeup& stop)
    : node_(node),
      migration_(migration),
      stop_(stop),
      owner_(node.worker(node.owner_of(migration.slot))),
      there_(stop) {}

std::string MigrationRun::run() {
  while (next_ < migration_.keys.size()) {
    batch_.clear();
    round_ = 0;
    if (at_owner([this](Worker& w) { return take_batch(w); }) == Visit::kNotOurs) not_ours_ = true;
    if (not_ours_) break;
    if (batch_.empty()) continue;
    any_ = true;
    carry_batch();
    if (not_ours_ || there_.failure() != Dialogue::Failure::kNone || !unsure_.empty()) break;
  }
  return reply();
}

// ---- at the owner of the keys ----

MigrationRun::Visit MigrationRun::at_owner(const std::function<Visit(Worker&)>& work) {
  for (;;) {
    std::promise<Visit> outcome;
    owner_.post([&] { outcome.set_value(owner_.serves_busy() ? Visit::kLater : work(owner_)); });
    const Visit visit = outcome.get_future().get();
    if (visit != Visit::kLater) return visit;
    pollfd stop{.fd = stop_.fd(), .events = POLLIN, .revents = 0};
    if (poll(&stop, 1, kPauseMillis) > 0) return Visit::kNotOurs;
  }
}

// Whether keys of the slot may be deleted here: as a primary that serves it, or that sends back what it holds of it.
bool MigrationRun::may_delete(const Worker& owner) const {
  const cluster::View& view = *owner.routes().view;
  return owner.routes().is_primary &&
         (view.owns(migration_.slot) || view.slots->importing_from(migration_.slot) != nullptr);
}

void MigrationRun::describe(Worker& owner, const store::Entry& entry, Item& item) const {
  item.payload = rdb::dump(entry);
  item.expiry = entry.expiry();
  item.state = Item::State::kToSend;
  if (migration_.copy) return;
  item.changed = std::make_shared<std::atomic<bool>>(false);
  owner.watches().add(item.key, item.changed, false);
  owner.leaving().add(item.key);
}

// The next keys that are there, up to a batch's size.
MigrationRun::Visit MigrationRun::take_batch(Worker& owner) {
  if (!may_delete(owner)) return Visit::kNotOurs;
  size_t bytes = 0;
  while (next_ < migration_.keys.size() && batch_.size() < kBatchKeys && bytes < kBatchBytes) {
    const std::string& key = migration_.keys[next_++];
    const store::Entry* entry = owner.keyspace().find_live({migration_.slot, key}, owner.now());
    if (entry == nullptr) {
      owner.count_miss();
      owner.key_missed(migration_.slot, key);
      continue;
    }
    owner.count_hit();
    Item& item = batch_.emplace_back();
    item.key = key;
    describe(owner, *entry, item);
    bytes += item.payload.size() + item.key.size();
  }
  owner.finish_unit();
  return Visit::kDone;
}

// Not all that changes a stream breaks a WATCH (XACK does not), so its payload is looked at.
bool MigrationRun::is_unchanged(const store::Entry& entry, const Item& item) const {
  if (item.changed->load(std::memory_order_acquire) || entry.expiry() != item.expiry) return false;
  return entry.type() != store::Type::kStream || rdb::dump(entry) == item.payload;
}

void MigrationRun::set_state(Item& item, Item::State state, Worker& owner) const {
  item.state = state;
  item.payload = {};
  item.changed.reset();
  owner.leaving().remove(item.key);
}

// Deletes what arrived as it is here now, and notes what has changed.
MigrationRun::Visit MigrationRun::settle(Worker& owner) {
  const bool failed = there_.failure() != Dialogue::Failure::kNone;
  const auto forget = [&] {
    for (Item& item : batch_) owner.leaving().remove(item.key);
  };
  if (!may_delete(owner)) {
    forget();
    return Visit::kNotOurs;
  }
  // A manual failover waits for a replica to have all of our stream, and an absent primary may have a successor.
  if (node_.paused(owner.now(), true) || node_.fenced()) return Visit::kLater;

  std::vector<std::string_view> deleted = {"DEL"};
  for (Item& item : batch_) {
    if (item.state == Item::State::kRefused && !item.there) set_state(item, Item::State::kRefused, owner);
    if (item.state != Item::State::kAccepted) continue;
    const store::KeyRef key{migration_.slot, item.key};
    const store::Entry* entry = owner.keyspace().find_live(key, owner.now(), store::Touch::kNo);
    if (entry == nullptr) {
      item.state = Item::State::kGone;
    } else if (is_unchanged(*entry, item)) {
      owner.keyspace().erase(key);
      owner.key_changed(migration_.slot, item.key, config::kNotifyGeneric, "del");
      deleted.push_back(item.key);
      set_state(item, Item::State::kDone, owner);
    } else if (!failed) {
      describe(owner, *entry, item);
    }
  }
  ++round_;
  if (has(Item::State::kToSend) && round_ >= kPutOffFrom) owner.leaving().put_writes_off();
  if (failed) forget();
  if (deleted.size() > 1) {
    owner.replicate(deleted);
    owner.finish_unit();
    // The reply, from another thread, must not overtake the log.
    owner.append_log_batch();
    node_.log_grew();
  }
  return Visit::kDone;
}

// ---- the dialogue ----

bool MigrationRun::open() {
  if (there_.is_open()) return true;
  const auto config = node_.config();
  const std::shared_ptr<const TlsContexts> tls = config->tls_cluster ? node_.tls() : nullptr;
  if (!there_.open(migration_.host, migration_.port, tls.get(), migration_.timeout)) return false;
  for (const uint16_t port : {config->port, config->tls_port, config->router_port}) {
    // Were it missed, the keys would be found changed by their own arrival, and stay.
    if (there_.is_with_own_port(port)) {
      to_itself_ = true;
      return false;
    }
  }
  // Asked before anything is sent, so that a refusal leaves nothing over there.
  resp::Buffer out;
  size_t questions = 0;
  if (migration_.password) {
    std::vector<std::string_view> auth = {"AUTH"};
    if (migration_.user) auth.push_back(*migration_.user);
    auth.push_back(*migration_.password);
    resp::append_request(out, auth);
    ++questions;
  }
  const std::string database = std::to_string(migration_.database);
  if (migration_.database != 0) {
    const std::string_view select[] = {"SELECT", database};
    resp::append_request(out, select);
    ++questions;
  }
  if (questions == 0) return true;
  if (!there_.write(out.view())) return false;
  std::string line;
  for (; questions > 0; --questions) {
    if (!there_.read_line(line)) return false;
    if (line.starts_with('-') && refusal_.empty()) refusal_ = line.substr(1);
  }
  return refusal_.empty();
}

bool MigrationRun::has(Item::State state) const {
  return std::ranges::any_of(batch_, [&](const Item& item) { return item.state == state; });
}

void MigrationRun::carry_batch() {
  const bool opened = open();
  if (!opened) next_ = migration_.keys.size();
  while (opened && has(Item::State::kToSend) && round_ < kRounds) {
    send_and_read();
    if (migration_.copy) return;
    if (at_owner([this](Worker& w) { return settle(w); }) == Visit::kNotOurs) {
      not_ours_ = true;
      return;
    }
    if (there_.failure() != Dialogue::Failure::kNone) break;
  }
  if (migration_.copy) return;
  for (const Item& item : batch_) {
    if (item.state == Item::State::kToSend && item.there && restless_.empty()) restless_ = item.key;
  }
  if (opened) undo_over_there();
  at_owner([this](Worker& w) {
    for (Item& item : batch_) w.leaving().remove(item.key);
    return Visit::kDone;
  });
}

void MigrationRun::send_and_read() {
  resp::Buffer out;
  const UnixMillis now = wall_now();
  size_t sent = 0;
  for (Item& item : batch_) {
    if (item.state != Item::State::kToSend) continue;
    const int64_t left = item.expiry ? std::max<int64_t>(1, (*item.expiry - now).count()) : 0;
    const std::string ttl = std::to_string(left);
    std::vector<std::string_view> request = {"RESTORE-ASKING", item.key, ttl, item.payload};
    // What is there already by our own doing is no reason to refuse its newer value.
    if (migration_.replace || item.there) request.emplace_back("REPLACE");
    resp::append_request(out, request);
    item.state = Item::State::kUnknown;
    ++sent;
    if (out.size() < kWriteBytes) continue;
    if (!there_.write(out.view())) return;
    out.clear();
  }
  if (!there_.write(out.view())) return;
  std::string line;
  for (Item& item : batch_) {
    if (item.state != Item::State::kUnknown) continue;
    if (!there_.read_line(line)) return;
    if (line.starts_with('+')) {
      item.state = migration_.copy ? Item::State::kDone : Item::State::kAccepted;
      item.there = true;
    } else {
      item.state = Item::State::kRefused;
      if (refusal_.empty()) refusal_ = line.starts_with('-') ? line.substr(1) : "unexpected reply";
    }
  }
}

// What the other server has from us and must not keep: the key is no more, or has a newer value here.
void MigrationRun::undo_over_there() {
  std::vector<Item*> wrong;
  for (Item& item : batch_) {
    const bool refused_later = item.state == Item::State::kRefused || item.state == Item::State::kToSend;
    if (item.state == Item::State::kGone || (item.there && refused_later)) wrong.push_back(&item);
  }
  if (wrong.empty()) return;
  resp::Buffer out;
  for (const Item* item : wrong) {
    const std::string_view asking[] = {"ASKING"};
    const std::string_view del[] = {"DEL", item->key};
    resp::append_request(out, asking);
    resp::append_request(out, del);
  }
  bool told = there_.write(out.view());
  std::string line;
  for (Item* item : wrong) {
    // A server outside of a cluster knows no ASKING, and needs none.
    told = told && there_.read_line(line) && there_.read_line(line) && line.starts_with(':');
    if (told) item->there = false;
    if (!told && unsure_.empty()) unsure_ = item->key;
  }
}

// ---- the reply ----

std::string MigrationRun::failure_text() const {
  switch (there_.failure()) {
    case Dialogue::Failure::kNone:
      break;
    case Dialogue::Failure::kConnect:
      return "IOERR error or timeout connecting to the client";
    case Dialogue::Failure::kWrite:
      return "IOERR error or timeout writing to target instance";
    case Dialogue::Failure::kRead:
      return "IOERR error or timeout reading to target instance";
  }
  return {};
}

std::string MigrationRun::reply() const {
  std::string error = failure_text();
  if (!refusal_.empty()) error = "ERR Target instance replied with error: " + refusal_;
  if (not_ours_) {
    error = "ERR This node stopped serving the slot during MIGRATE: keys that arrived at the target may be here, too";
  } else if (!restless_.empty() && error.empty()) {
    error = "ERR MIGRATE gave up on a key that changed again and again, and is still here: '" + restless_ + "'";
  }
  if (to_itself_) error = "ERR The target of MIGRATE is the node that has the keys";
  if (!unsure_.empty()) {
    log::warning("MIGRATE to {}:{}: '{}' changed while it was sent, and the target may hold what it was before ({})",
                 migration_.host, migration_.port, unsure_, there_.reason());
    if (error.empty()) error = "ERR MIGRATE could not take back at the target what changed here: '" + unsure_ + "'";
  } else if (there_.failure() != Dialogue::Failure::kNone) {
    log::warning("MIGRATE to {}:{} failed: {}", migration_.host, migration_.port, there_.reason());
  }
  resp::Buffer out;
  resp::ReplyWriter reply(out, resp::Version::kResp2);
  if (!error.empty()) {
    reply.error(error);
  } else {
    reply.simple(any_ ? "OK" : "NOKEY");
  }
  return std::string(out.view());
}

}  // namespace guccho::runtime

// CLUSTER: giving slots to nodes, and the keys in a slot.
#include "node/cluster/view.h"
#include "node/commands/cluster_request.h"
#include "node/commands/handlers.h"
#include "node/commands/host.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"
#include "node/store/keyspace.h"

namespace guccho::commands {

std::optional<Slot> read_slot(Context& c, std::string_view text) {
  const auto number = parse_integer(text);
  if (!number || *number < 0 || *number >= kSlotCount) {
    c.reply.error("ERR Invalid or out of range slot");
    return std::nullopt;
  }
  return Slot(static_cast<uint16_t>(*number));
}

namespace {

namespace request = cluster::request;

enum class Change { kAdd, kDelete };

// The slots of ADDSLOTS and its relatives, gathered in the order given. A slot that is in the wrong state already is
// the last one taken: the core is then asked for it alone and words the refusal.
class SlotArguments {
 public:
  SlotArguments(Context& c, Change change) : c_(c), view_(c.host.view()), change_(change) {}

  // False after an error reply, and once a slot was met that the core will refuse.
  bool take(Slot slot) {
    const bool owned = view_->owner_of(slot) != nullptr;
    if (owned == (change_ == Change::kAdd)) {
      slots_.clear();
      slots_.insert(slot);
      return refused_ = true, false;
    }
    if (slots_.contains(slot)) {
      c_.reply.error("ERR Slot " + std::to_string(slot.value) + " specified multiple times");
      return false;
    }
    slots_.insert(slot);
    return true;
  }

  bool take_range(std::string_view first_text, std::string_view last_text) {
    const auto first = read_slot(c_, first_text);
    if (!first) return false;
    const auto last = read_slot(c_, last_text);
    if (!last) return false;
    if (*first > *last) {
      c_.reply.error("ERR start slot number " + std::to_string(first->value) + " is greater than end slot number " +
                     std::to_string(last->value));
      return false;
    }
    for (uint32_t s = first->value; s <= last->value; ++s) {
      if (!take(Slot(static_cast<uint16_t>(s)))) return false;
    }
    return true;
  }

  // A refused slot goes to the core as well; an error reply ends the command.
  void finish(bool complete) {
    if (!complete && !refused_) return;
    change_ == Change::kAdd ? ask_core(c_, request::AddSlots{slots_}) : ask_core(c_, request::DelSlots{slots_});
  }

 private:
  Context& c_;
  const std::shared_ptr<const cluster::View> view_;
  const Change change_;
  SlotSet slots_;
  bool refused_ = false;
};

void change_slots(Context& c, Change change) {
  for (const std::string_view text : c.args.subspan(2)) {
    if (!read_slot(c, text)) return;
  }
  SlotArguments slots(c, change);
  bool complete = true;
  for (size_t i = 2; i < c.argc() && complete; ++i) complete = slots.take(*parse_slot(c.arg(i)));
  slots.finish(complete);
}

void change_ranges(Context& c, Change change) {
  if (c.argc() % 2 == 1) return c.wrong_arity();
  SlotArguments slots(c, change);
  bool complete = true;
  for (size_t i = 2; i < c.argc() && complete; i += 2) complete = slots.take_range(c.arg(i), c.arg(i + 1));
  slots.finish(complete);
}

void bad_setslot(Context& c) {
  c.reply.error("ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP");
}

// A text that is no node ID, refused in the words and the order of redis-server.
void refuse_setslot_node(Context& c, Slot slot, std::string_view action, std::string_view id) {
  const auto view = c.host.view();
  if (view->self().is_replica()) return c.reply.error("ERR Please use SETSLOT only with masters.");
  const std::string number = std::to_string(slot.value);
  if (action == "migrating" && !view->owns(slot)) {
    return c.reply.error("ERR I'm not the owner of hash slot " + number);
  }
  if (action == "importing" && view->owns(slot)) {
    return c.reply.error("ERR I'm already the owner of hash slot " + number);
  }
  if (action == "node") return unknown_node(c, id);
  c.reply.error("ERR I don't know about node " + std::string(id));
}

}  // namespace

namespace handlers {

void cluster_addslots(Context& c) {
  change_slots(c, Change::kAdd);
}
void cluster_addslotsrange(Context& c) {
  change_ranges(c, Change::kAdd);
}
void cluster_delslots(Context& c) {
  change_slots(c, Change::kDelete);
}
void cluster_delslotsrange(Context& c) {
  change_ranges(c, Change::kDelete);
}
void cluster_flushslots(Context& c) {
  ask_core(c, request::FlushSlots{});
}

void cluster_setslot(Context& c) {
  const auto slot = read_slot(c, c.arg(2));
  if (!slot) return;
  if (c.argc() == 4 && equals_ignore_case("stable", c.arg(3))) return ask_core(c, request::SetSlotStable{*slot});
  for (const std::string_view action : {"migrating", "importing", "node"}) {
    if (c.argc() != 5 || !equals_ignore_case(action, c.arg(3))) continue;
    const auto node = NodeId::parse(c.arg(4));
    if (!node) return refuse_setslot_node(c, *slot, action, c.arg(4));
    if (action == "migrating") return ask_core(c, request::SetSlotMigrating{*slot, *node});
    if (action == "importing") return ask_core(c, request::SetSlotImporting{*slot, *node});
    return ask_core(c, request::SetSlotNode{*slot, *node});
  }
  bad_setslot(c);
}

void cluster_keyslot(Context& c) {
  c.reply.integer(key_slot(c.arg(2)).value);
}

void cluster_countkeysinslot(Context& c) {
  const auto slot = parse_integer(c.arg(2));
  if (!slot) return c.not_an_integer();
  if (*slot < 0 || *slot >= kSlotCount) return c.reply.error("ERR Invalid slot");
  c.reply.integer(static_cast<int64_t>(c.host.keys_in_slot(Slot(static_cast<uint16_t>(*slot)))));
}

void cluster_getkeysinslot(Context& c) {
  const auto number = parse_integer(c.arg(2));
  if (!number) return c.not_an_integer();
  const auto limit = parse_integer(c.arg(3));
  if (!limit) return c.not_an_integer();
  if (*number < 0 || *number >= kSlotCount || *limit < 0) {
    return c.reply.error("ERR Invalid slot or number of keys");
  }
  const Slot slot(static_cast<uint16_t>(*number));
  const auto wanted = static_cast<size_t>(*limit);
  const size_t mark = c.reply.begin_deferred();
  size_t found = 0;
  if (wanted > 0) {
    c.host.keyspace_of(slot).scan_slot(slot, 0, wanted, [&](const store::Entry& entry) {
      if (found == wanted) return;  // entries of one hash prefix come together, so there may be a few more
      c.reply.bulk(entry.key());
      ++found;
    });
  }
  c.reply.end_array(mark, found);
}

}  // namespace handlers
}  // namespace guccho::commands

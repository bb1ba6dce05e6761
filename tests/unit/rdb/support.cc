// Reading, filling and printing for the tests of RDB.
#include "tests/unit/rdb/support.h"

#include <set>

#include "node/base/real.h"
#include "node/store/hash_value.h"
#include "node/store/list_value.h"
#include "node/store/set_value.h"
#include "node/store/stream_value.h"
#include "node/store/string_value.h"
#include "node/store/zset_value.h"

namespace guccho::rdb {

namespace {

std::string id_text(const store::StreamId& id) {
  return std::to_string(id.ms) + "-" + std::to_string(id.seq);
}

std::string stream_text(const store::Stream& stream) {
  std::string text = std::to_string(stream.length) + " of " + std::to_string(stream.entries_added) + " last " +
                     id_text(stream.last_id) + " first " + id_text(stream.first_id) + " deleted " +
                     id_text(stream.max_deleted_id) + " blocks " + std::to_string(stream.blocks().size());
  for (auto at = stream.blocks().first(); at; at.next()) {
    text += " " + id_text(at.id()) + ":" + std::to_string(store::hash_bytes(store::Stream::block(at).listpack()));
  }
  for (const store::StreamGroup* group : stream.groups()) {
    text +=
        "; " + std::string(group->name()) + " " + id_text(group->last_id) + " " + std::to_string(group->entries_read);
    for (const store::StreamConsumer* consumer : group->consumers()) {
      text += " " + std::string(consumer->name()) + "@" + std::to_string(consumer->seen.time_since_epoch().count());
      for (auto at = consumer->pending().first(); at; at.next()) {
        const store::PendingEntry& pending = *store::StreamGroup::entry(at);
        text += " " + id_text(at.id()) + "x" + std::to_string(pending.deliveries) + "@" +
                std::to_string(pending.delivered.time_since_epoch().count());
      }
    }
  }
  return text;
}

}  // namespace

Status read_all(std::string_view bytes, RecordSink& sink, size_t piece) {
  Reader reader(sink);
  for (size_t at = 0; at < bytes.size(); at += piece) {
    if (piece > bytes.size() - at) piece = bytes.size() - at;
    if (auto fed = reader.feed(bytes.substr(at, piece)); !fed) return std::unexpected(fed.error());
  }
  return reader.end_of_input();
}

std::map<std::string, std::string> dump(store::Keyspace& keyspace) {
  std::map<std::string, std::string> out;
  for (uint16_t s = 0; s < kSlotCount; ++s) {
    keyspace.for_each_in_slot(Slot(s), [&](const store::Entry& entry) {
      std::string text;
      if (entry.type() == store::Type::kString) {
        store::IntText scratch;
        text = store::string_bytes(entry, scratch);
      } else if (entry.type() == store::Type::kZset) {
        const store::ZsetView zset(&entry);
        for (auto at = zset.at(0); at.valid(); at.next()) {
          RealText scratch;
          text += std::string(at.member()) + "=" + std::string(print_real(at.score(), scratch)) + ";";
        }
      } else if (entry.type() == store::Type::kList) {
        const store::ListView list(entry);
        store::IntText scratch;
        for (auto at = list.at(0); !at.at_end(); at.next()) text += std::string(at.element().text(scratch)) + ";";
      } else if (entry.type() == store::Type::kSet) {
        std::set<std::string> members;
        store::SetView(&entry).for_each([&](std::string_view member) { members.emplace(member); });
        for (const auto& member : members) text += member + ";";
      } else if (entry.type() == store::Type::kStream) {
        text = stream_text(store::stream_of(entry));
      } else {
        std::map<std::string, std::string> fields;
        store::for_each_timed_field(entry, [&](std::string_view f, std::string_view v, int64_t expiry) {
          fields.emplace(f, std::string(v) + (expiry != 0 ? "@" + std::to_string(expiry) : ""));
        });
        for (const auto& [f, v] : fields) text += f + "=" + v + ";";
      }
      if (entry.expiry()) text += " expires " + std::to_string(entry.expiry()->time_since_epoch().count());
      out[std::string(entry.key())] = std::string(store::encoding_name(entry.encoding())) + " " + text;
    });
  }
  return out;
}

void fill_stream(store::Keyspace& keyspace, const store::KeyRef& key, uint64_t entries) {
  store::StreamValue value(keyspace, key, nullptr);
  value.create();
  value.change([&](store::Stream& stream, store::SlabAllocator& alloc) {
    for (uint64_t i = 1; i <= entries; ++i) {
      const std::string text = std::to_string(i * 7919);
      const std::string_view texts[] = {"field", text, i % 10 ? "other" : "rare", "value"};
      stream.append({1700000000000 + i / 3, i}, texts, keyspace.packed_limits(), alloc);
      if (i % 7 == 0) stream.erase({1700000000000 + i / 3, i}, alloc);
    }
    store::StreamGroup* group = stream.add_group("group", alloc);
    stream.add_group("without consumers", alloc)->last_id = {5, 5};
    group->entries_read = 3;
    group->last_id = stream.last_id;
    for (const char* name : {"alice", "bob"}) {
      store::StreamConsumer* consumer = group->add_consumer(name, UnixMillis(Millis(1700000001234)), alloc);
      for (uint64_t i = 1; i <= entries / 4; ++i) {
        store::PendingEntry* pending = group->assign({i, static_cast<uint64_t>(name[0])}, consumer, alloc);
        pending->delivered = UnixMillis(Millis(1700000000000 + static_cast<int64_t>(i)));
        pending->deliveries = i;
      }
    }
  });
}

}  // namespace guccho::rdb

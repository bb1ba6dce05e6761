// Looking keys up with the rules of expiry, and recording what a handler changed.
#include "node/commands/context.h"

#include <string>

#include "node/commands/host.h"
#include "node/store/keyspace.h"

namespace guccho::commands {

store::Entry* Context::find_for_read(const store::KeyRef& key) {
  return read(key, store::Touch::kYes);
}
store::Entry* Context::peek(const store::KeyRef& key) {
  return read(key, store::Touch::kNo);
}
store::Entry* Context::find_for_write(const store::KeyRef& key) {
  return find(key, store::Touch::kYes, false);
}

store::Entry* Context::read(const store::KeyRef& key, store::Touch touch) {
  store::Entry* entry = find(key, touch, true);
  if (entry != nullptr) {
    effects.count_hit();
  } else {
    effects.count_miss();
    effects.key_missed(slot, key.bytes);
  }
  return entry;
}

store::Entry* Context::find(const store::KeyRef& key, store::Touch touch, bool reading) {
  if (caller.from_primary) return data.find(key);
  if (caller.no_touch && spec.name != "touch") touch = store::Touch::kNo;
  if (store::Entry* entry = data.find_live(key, now, touch)) return entry;
  if (is_primary && data.find(key) != nullptr && !(reading && effects.keeps_expired())) delete_expired(key);
  return nullptr;
}

// Announced and replicated before the command that found it: the log must show the deletion first.
void Context::delete_expired(const store::KeyRef& key) {
  data.erase(key);
  const std::string_view request[] = {config.lazyfree_lazy_expire ? "UNLINK" : "DEL", key.bytes};
  effects.replicate(request);
  effects.count_expired();
  effects.key_changed(slot, key.bytes, config::kNotifyExpired, "expired");
}

void Context::changed(std::string_view key, uint32_t event_class, std::string_view event) {
  dirty_ = true;
  effects.key_changed(slot, key, event_class, event);
}

void Context::replicate_as(std::initializer_list<std::string_view> request) {
  replicate_as(std::span(request.begin(), request.size()));
}

void Context::replicate_as(std::span<const std::string_view> request) {
  rewritten_ = true;
  effects.replicate(request);
}

Deferred Context::defer() {
  deferred_ = true;
  return {.worker = session != nullptr ? session->worker : uint16_t{0}, .client_id = caller.client_id};
}

void Context::invalid_expire_time() {
  reply.error("ERR invalid expire time in '" + std::string(spec.full_name) + "' command");
}

void Context::wrong_arity() {
  reply.error("ERR wrong number of arguments for '" + std::string(spec.full_name) + "' command");
}

}  // namespace guccho::commands

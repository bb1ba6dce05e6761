// One set of permissions: which commands, on which keys, on which channels. A user has a root selector and any number
// of further ones; what one of them allows is allowed.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/acl/catalog.h"
#include "node/base/result.h"

namespace guccho::acl {

// What a command does with a key's value, and what a key pattern allows.
enum Access : uint8_t { kNone = 0, kRead = 1, kWrite = 2, kReadWrite = 3 };

// Why a command is refused. Of several selectors' reasons the greatest counts.
enum class Denial : uint8_t { kNone, kCommand, kKey, kAuth, kChannel };

// A command with its arguments, as the command table understands it.
struct Request {
  struct Key {
    uint32_t argument;
    uint8_t access;  // of Access; kNone: only its existence, type or size
  };
  struct Channel {
    uint32_t argument;
    bool pattern;
  };
  uint16_t command = 0;
  bool always_allowed = false;  // AUTH, HELLO, QUIT, RESET
  std::span<const std::string_view> arguments;
  std::span<const Key> keys;
  std::span<const Channel> channels;
};

struct Verdict {
  Denial denial = Denial::kNone;
  uint32_t argument = 0;  // of the key or channel that was refused
  explicit operator bool() const { return denial == Denial::kNone; }
};

class Selector {
 public:
  // Allows nothing, but all channels where acl-pubsub-default says so.
  explicit Selector(bool all_channels) : all_channels_(all_channels) {}

  // One rule that is about commands, keys or channels: +get, -@write, ~key*, %R~key*, &channel, allkeys ... Errors are
  // redis-server's texts. On an error nothing changed.
  Status apply(const Catalog& catalog, std::string_view rule);

  Verdict check(const Request& request) const;
  bool all_commands() const { return all_commands_; }
  bool all_keys() const { return all_keys_; }
  bool all_channels() const { return all_channels_; }
  // A pattern to subscribe to must be one of the rules', letter by letter.
  bool allows_channel(std::string_view channel, bool pattern) const;
  std::span<const std::string> channels() const { return channels_; }

  // As ACL GETUSER shows them.
  std::string command_rules() const;
  std::string key_rules() const;
  std::string channel_rules() const;
  // All of it, as in ACL LIST: "~a* resetchannels -@all +get".
  std::string describe() const;

 private:
  struct KeyPattern {
    std::string pattern;
    uint8_t access;
  };

  Status add_key_pattern(std::string_view rule);
  Status add_channel(std::string_view pattern);
  Status allow_command(const Catalog& catalog, std::string_view name);
  Status forbid_command(const Catalog& catalog, std::string_view name);
  Status set_category(const Catalog& catalog, std::string_view name, bool allow);
  void set_everything(const Catalog& catalog, bool allow);
  void set_command(const Catalog& catalog, uint16_t id, bool allow);
  void set_bit(uint16_t id, bool allow);
  void note_rule(std::string_view rule, bool allow);
  bool allows_command(const Request& request) const;
  bool allows_key(std::string_view key, uint8_t access) const;

  bool all_commands_ = false;     // no command was taken away since +@all
  bool future_commands_ = false;  // +@all came last of it and -@all: what the description starts with
  bool all_keys_ = false;
  bool all_channels_;
  std::vector<bool> commands_;                                    // by id; empty: none
  std::map<uint16_t, std::vector<std::string>> first_arguments_;  // commands allowed with this first argument only
  std::vector<std::string> rules_;  // about commands, since the last +@all or -@all: "+get"
  std::vector<KeyPattern> keys_;
  std::vector<std::string> channels_;
};

// No blanks, no zero bytes: what names and patterns must not hold.
bool has_blanks(std::string_view text);

}  // namespace guccho::acl

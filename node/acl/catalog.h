// What ACL rules need to know of the commands: names, categories, and which are subcommands of which. Made once out of
// the command table.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace guccho::acl {

struct Command {
  std::string_view name;          // "get", "config|set"; lower case
  uint32_t categories = 0;        // bit i: the category with that place in Catalog::categories
  uint16_t first_subcommand = 0;  // ids of its subcommands are adjoining
  uint16_t subcommands = 0;
  bool is_subcommand = false;
};

class Catalog {
 public:
  // The place of a command is its id. `categories`: names without '@'. The views are kept.
  Catalog(std::vector<Command> commands, std::vector<std::string_view> categories);

  size_t size() const { return commands_.size(); }
  const Command& operator[](uint16_t id) const { return commands_[id]; }
  std::span<const std::string_view> categories() const { return categories_; }

  // By name in any letter case. O(1).
  std::optional<uint16_t> find(std::string_view name) const;
  // The bit of a category by its name without '@', in any letter case; 0 for none.
  uint32_t category(std::string_view name) const;

 private:
  std::vector<Command> commands_;
  std::vector<std::string_view> categories_;
  std::unordered_map<std::string_view, uint16_t> by_name_;
};

// ASCII letters in lower case.
std::string lower(std::string_view text);
bool same_ignoring_case(std::string_view a, std::string_view b);

}  // namespace guccho::acl

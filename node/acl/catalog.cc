// Looking up commands and categories.
#include "node/acl/catalog.h"

#include <algorithm>
#include <string>

namespace guccho::acl {
namespace {

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = to_lower(c);
  return out;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

Catalog::Catalog(std::vector<Command> commands, std::vector<std::string_view> categories)
    : commands_(std::move(commands)), categories_(std::move(categories)) {
  for (size_t i = 0; i < commands_.size(); ++i) by_name_.emplace(commands_[i].name, static_cast<uint16_t>(i));
}

std::optional<uint16_t> Catalog::find(std::string_view name) const {
  const auto it = by_name_.find(lower(name));
  if (it == by_name_.end()) return std::nullopt;
  return it->second;
}

uint32_t Catalog::category(std::string_view name) const {
  for (size_t i = 0; i < categories_.size(); ++i) {
    if (same_ignoring_case(categories_[i], name)) return uint32_t{1} << i;
  }
  return 0;
}

}  // namespace guccho::acl

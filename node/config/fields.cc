// Reading and printing the common kinds of values: yes/no, numbers, sizes, choices, file names.
#include "node/config/fields.h"

#include <fmt/core.h>

#include <algorithm>

namespace guccho::config {

std::optional<int64_t> parse_integer(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (std::to_string(value) != text) return std::nullopt;  // leading zeros, "-0"
  return value;
}

std::optional<uint64_t> parse_memory(std::string_view text) {
  struct Unit {
    std::string_view name;
    uint64_t factor;
  };
  static constexpr Unit kUnits[] = {{"", 1},          {"b", 1},         {"k", 1000},          {"kb", 1024},
                                    {"m", 1'000'000}, {"mb", 1u << 20}, {"g", 1'000'000'000}, {"gb", 1u << 30}};
  uint64_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc()) return std::nullopt;
  std::string unit(end, last);
  std::transform(unit.begin(), unit.end(), unit.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  for (const Unit& u : kUnits) {
    if (u.name != unit) continue;
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(number, u.factor, &bytes)) return std::nullopt;
    return bytes;
  }
  return std::nullopt;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return fold(x) == fold(y); });
}

std::string join_blanks(Arguments parts) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) out += (i == 0 ? "" : " ") + parts[i];
  return out;
}

Status check_range(const Directive& d, int64_t value) {
  if (value >= d.min && value <= d.max) return {};
  if (d.kind == Kind::kOctal)
    return fail(fmt::format("argument must be between {:o} and {:o} inclusive", d.min, d.max));
  return fail(fmt::format("argument must be between {} and {} inclusive", d.min, d.max));
}

std::vector<std::string_view> split_choices(std::string_view choices) {
  std::vector<std::string_view> out;
  while (!choices.empty()) {
    const size_t end = std::min(choices.find(", "), choices.size());
    out.push_back(choices.substr(0, end));
    choices.remove_prefix(std::min(end + 2, choices.size()));
  }
  return out;
}

std::vector<std::string> split_blanks(std::string_view text) {
  std::vector<std::string> out;
  for (;;) {
    const size_t end = text.find(' ');
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::string path_in(const std::string& dir, const std::string& path) {
  return path.empty() || path.starts_with('/') || dir == "." ? path : dir + "/" + path;
}

namespace fields {

Result<bool> parse_bool(std::string_view text) {
  if (equal_ignoring_case(text, "yes")) return true;
  if (equal_ignoring_case(text, "no")) return false;
  return fail("argument must be 'yes' or 'no'");
}

Result<int64_t> parse_number(const Directive& d, std::string_view text) {
  int64_t value = 0;
  if (d.kind == Kind::kMemory) {
    const std::optional<uint64_t> bytes = parse_memory(text);
    if (!bytes) return fail("argument must be a memory value");
    value = static_cast<int64_t>(std::min<uint64_t>(*bytes, std::numeric_limits<int64_t>::max()));
  } else {
    const std::optional<int64_t> number = parse_integer(text);
    if (!number) return fail("argument couldn't be parsed into an integer");
    value = *number;
  }
  if (Status s = check_range(d, value); !s) return fail(s.error().text);
  return value;
}

Result<int64_t> parse_choice(const Directive& d, std::string_view text) {
  int64_t place = 0;
  for (std::string_view choice : split_choices(d.choices)) {
    if (equal_ignoring_case(choice, text)) return place;
    ++place;
  }
  return fail("argument(s) must be one of the following: " + std::string(d.choices));
}

Status check_file_name(const Directive& d, std::string_view name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string_view::npos) {
    return fail(std::string(d.name) + " can't be a path, just a filename");
  }
  return {};
}

Status read_ineffective(const Directive& d, Arguments args, Config& c) {
  std::string text = join_blanks(args);
  if (d.kind == Kind::kBool) {
    const Result<bool> value = parse_bool(text);
    if (!value) return fail(value.error().text);
    text = *value ? "yes" : "no";
  } else if (d.kind == Kind::kInteger || d.kind == Kind::kMemory) {
    const Result<int64_t> value = parse_number(d, text);
    if (!value) return fail(value.error().text);
    text = std::to_string(*value);
  } else if (d.kind == Kind::kEnum) {
    const Result<int64_t> value = parse_choice(d, text);
    if (!value) return fail(value.error().text);
    text = split_choices(d.choices)[static_cast<size_t>(*value)];
  }
  if (text == d.default_text) {
    c.ineffective.erase(std::string(d.name));
  } else {
    c.ineffective[std::string(d.name)] = std::move(text);
  }
  return {};
}

std::string print_ineffective(const Directive& d, const Config& c) {
  const auto found = c.ineffective.find(d.name);
  return found == c.ineffective.end() ? std::string(d.default_text) : found->second;
}

Status read_only_value(const Directive& d, Arguments args, Config&) {
  if (equal_ignoring_case(join_blanks(args), d.default_text)) return {};
  return fail(fmt::format("only '{}' is accepted: {}", d.default_text, d.help));
}

std::string print_only_value(const Directive& d, const Config&) {
  return std::string(d.default_text);
}

}  // namespace fields
}  // namespace guccho::config

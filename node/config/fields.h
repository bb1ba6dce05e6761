// How the values of directives are read and printed, one pair of functions for each kind of field; the table in
// directives.cc puts them beside the names. Not for use outside this folder.
#pragma once

#include <charconv>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "node/config/directives.h"

namespace guccho::config {

// Decimal, optional minus sign, no blanks, no plus sign, no leading zeros: what Redis takes for an integer.
std::optional<int64_t> parse_integer(std::string_view text);
// "100", "100b", "1k" (1000), "1kb" (1024), m, mb, g, gb, in any case.
std::optional<uint64_t> parse_memory(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string join_blanks(Arguments parts);
Status check_range(const Directive& d, int64_t value);
std::vector<std::string_view> split_choices(std::string_view choices);
// Parts between single blanks; as Redis splits the value of CONFIG SET for directives with many arguments.
std::vector<std::string> split_blanks(std::string_view text);
// What a relative path means to who has entered `dir`; "." is where the process was started.
std::string path_in(const std::string& dir, const std::string& path);

namespace fields {

template <auto Field>
using TypeOf = std::remove_cvref_t<decltype(std::declval<Config>().*Field)>;

template <class T>
int64_t as_number(const T& value) {
  if constexpr (std::is_arithmetic_v<T>) {
    return static_cast<int64_t>(value);
  } else {
    return static_cast<int64_t>(value.count());  // a duration
  }
}

Result<bool> parse_bool(std::string_view text);
Result<int64_t> parse_number(const Directive& d, std::string_view text);
Result<int64_t> parse_choice(const Directive& d, std::string_view text);

template <auto Field>
Status read_bool(const Directive&, Arguments args, Config& c) {
  const Result<bool> value = parse_bool(args[0]);
  if (!value) return fail(value.error().text);
  c.*Field = *value;
  return {};
}

template <auto Field>
std::string print_bool(const Directive&, const Config& c) {
  return c.*Field ? "yes" : "no";
}

// Integers, memory sizes, file modes and durations: the kind says how the text is read.
template <auto Field>
Status read_number(const Directive& d, Arguments args, Config& c) {
  const Result<int64_t> value = parse_number(d, args[0]);
  if (!value) return fail(value.error().text);
  c.*Field = static_cast<TypeOf<Field>>(*value);
  return {};
}

template <auto Field>
std::string print_number(const Directive&, const Config& c) {
  return std::to_string(as_number(c.*Field));
}

template <auto Field>
Status read_enum(const Directive& d, Arguments args, Config& c) {
  const Result<int64_t> value = parse_choice(d, args[0]);
  if (!value) return fail(value.error().text);
  c.*Field = static_cast<TypeOf<Field>>(*value);
  return {};
}

template <auto Field>
std::string print_enum(const Directive& d, const Config& c) {
  return std::string(split_choices(d.choices)[static_cast<size_t>(c.*Field)]);
}

template <auto Field>
Status read_string(const Directive&, Arguments args, Config& c) {
  c.*Field = args[0];
  return {};
}

template <auto Field>
std::string print_string(const Directive&, const Config& c) {
  return c.*Field;
}

// A name of a file in the data directory.
Status check_file_name(const Directive& d, std::string_view name);

template <auto Field>
Status read_file_name(const Directive& d, Arguments args, Config& c) {
  if (Status s = check_file_name(d, args[0]); !s) return s;
  c.*Field = args[0];
  return {};
}

// Values that only have to be well-formed, kept as text.
Status read_ineffective(const Directive& d, Arguments args, Config& c);
std::string print_ineffective(const Directive& d, const Config& c);

// Exactly one value, default_text, is possible here; help says why others are refused.
Status read_only_value(const Directive& d, Arguments args, Config& c);
std::string print_only_value(const Directive& d, const Config& c);

// Those with a form of their own.
Status read_bind(const Directive& d, Arguments args, Config& c);
std::string print_bind(const Directive& d, const Config& c);
Status read_dir(const Directive& d, Arguments args, Config& c);
Status read_save(const Directive& d, Arguments args, Config& c);
std::string print_save(const Directive& d, const Config& c);
Status read_buffer_limits(const Directive& d, Arguments args, Config& c);
std::string print_buffer_limits(const Directive& d, const Config& c);
Status read_memory_or_percent(const Directive& d, Arguments args, Config& c);
std::string print_memory_or_percent(const Directive& d, const Config& c);
Status read_file_mode(const Directive& d, Arguments args, Config& c);
std::string print_file_mode(const Directive& d, const Config& c);
Status read_hostname(const Directive& d, Arguments args, Config& c);
Status read_human_nodename(const Directive& d, Arguments args, Config& c);
Status read_backlog_size(const Directive& d, Arguments args, Config& c);
Status read_hz(const Directive& d, Arguments args, Config& c);
Status read_notify_events(const Directive& d, Arguments args, Config& c);
std::string print_notify_events(const Directive& d, const Config& c);
Status read_percentiles(const Directive& d, Arguments args, Config& c);
std::string print_percentiles(const Directive& d, const Config& c);
Status read_tls_protocols(const Directive& d, Arguments args, Config& c);

}  // namespace fields
}  // namespace guccho::config

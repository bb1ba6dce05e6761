// Reading the argument notation and writing it as COMMAND DOCS does.
#include "node/commands/arguments.h"

#include <charconv>
#include <vector>

namespace guccho::commands {
namespace {

struct Argument {
  std::string_view name;
  std::string_view type;
  std::string_view key_spec_index;
  std::string_view token;
  std::string_view since;
  std::string_view deprecated_since;
  bool optional = false;
  bool multiple = false;
  bool multiple_token = false;
  std::string_view arguments;
};

// The text up to the next character that has a meaning after a name.
std::string_view take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find_first_of("#=@!?*+{ "));
  rest.remove_prefix(word.size());
  return word;
}

std::string_view take_after(std::string_view& rest, char mark) {
  if (!rest.starts_with(mark)) return {};
  rest.remove_prefix(1);
  return take_word(rest);
}

// A token's first character never has a meaning of its own: XADD's are "=", "~" and "*".
std::string_view take_token(std::string_view& rest) {
  if (!rest.starts_with('=')) return {};
  const size_t size = 1 + rest.substr(2).find_first_of("#=@!?*+{ ");
  const std::string_view token = size == 0 ? rest.substr(1) : rest.substr(1, size);
  rest.remove_prefix(1 + token.size());
  return token;
}

bool take_mark(std::string_view& rest, char mark) {
  const bool there = rest.starts_with(mark);
  if (there) rest.remove_prefix(1);
  return there;
}

// What is between the braces that `rest` begins with.
std::string_view take_braces(std::string_view& rest) {
  if (!rest.starts_with('{')) return {};
  size_t depth = 0;
  for (size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '{') ++depth;
    if (rest[i] == '}' && --depth == 0) {
      const std::string_view inside = rest.substr(1, i - 1);
      rest.remove_prefix(i + 1);
      return inside;
    }
  }
  return {};
}

std::vector<Argument> parse(std::string_view rest) {
  std::vector<Argument> out;
  while (!rest.empty()) {
    Argument a;
    const std::string_view name_and_type = take_word(rest);
    const size_t slash = name_and_type.rfind('/');  // "yes/no/string": a name may hold one, a type not
    a.name = name_and_type.substr(0, slash);
    a.type = name_and_type.substr(slash + 1);
    a.key_spec_index = take_after(rest, '#');
    a.token = take_token(rest);
    a.since = take_after(rest, '@');
    a.deprecated_since = take_after(rest, '!');
    a.optional = take_mark(rest, '?');
    a.multiple = take_mark(rest, '*');
    a.multiple_token = take_mark(rest, '+');
    a.arguments = take_braces(rest);
    take_mark(rest, ' ');
    out.push_back(a);
  }
  return out;
}

void field(resp::ReplyWriter& reply, size_t& fields, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  reply.bulk(name);
  reply.bulk(value);
  ++fields;
}

void reply_argument(resp::ReplyWriter& reply, const Argument& a) {
  const size_t mark = reply.begin_deferred();
  size_t fields = 0;
  field(reply, fields, "name", a.name);
  field(reply, fields, "type", a.type);
  if (!a.key_spec_index.empty()) {
    int index = 0;
    std::from_chars(a.key_spec_index.data(), a.key_spec_index.data() + a.key_spec_index.size(), index);
    reply.bulk("key_spec_index");
    reply.integer(index);
    ++fields;
  }
  if (a.token == R"("")") {  // MIGRATE's empty word
    reply.bulk("token");
    reply.bulk("");
    ++fields;
  } else {
    field(reply, fields, "token", a.token);
  }
  field(reply, fields, "since", a.since);
  field(reply, fields, "deprecated_since", a.deprecated_since);
  if (a.optional || a.multiple || a.multiple_token) {
    reply.bulk("flags");
    reply.set(static_cast<size_t>(a.optional) + a.multiple + a.multiple_token);
    if (a.optional) reply.simple("optional");
    if (a.multiple) reply.simple("multiple");
    if (a.multiple_token) reply.simple("multiple_token");
    ++fields;
  }
  if (!a.arguments.empty()) {
    reply.bulk("arguments");
    reply_arguments(reply, a.arguments);
    ++fields;
  }
  reply.end_map(mark, fields);
}

}  // namespace

void reply_arguments(resp::ReplyWriter& reply, std::string_view notation) {
  const std::vector<Argument> arguments = parse(notation);
  reply.array(arguments.size());
  for (const Argument& a : arguments) reply_argument(reply, a);
}

}  // namespace guccho::commands

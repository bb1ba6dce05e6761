// The names of the ACL categories: the place of a name is the bit of its Category. In the order of ACL CAT.
#pragma once

#include <string_view>

namespace guccho::commands {

inline constexpr std::string_view kCategoryNames[] = {
    "@keyspace", "@read",   "@write",       "@set",       "@sortedset",  "@list",        "@hash",
    "@string",   "@bitmap", "@hyperloglog", "@geo",       "@stream",     "@pubsub",      "@admin",
    "@fast",     "@slow",   "@blocking",    "@dangerous", "@connection", "@transaction", "@scripting"};

}  // namespace guccho::commands

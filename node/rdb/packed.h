// The packed forms that older RDB versions use for small hashes, read into plain lists of strings.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace guccho::rdb {

// The elements of a ziplist (RDB types 10, 12, 13, 14); nothing when the bytes are not a well-formed one.
std::optional<std::vector<std::string>> read_ziplist(std::string_view bytes);
// Fields and values in turn of a zipmap (type 9); nothing when the bytes are not a well-formed one.
std::optional<std::vector<std::string>> read_zipmap(std::string_view bytes);

}  // namespace guccho::rdb

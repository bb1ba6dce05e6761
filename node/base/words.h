// Words of a line: what inline requests, redis.conf and the aclfile have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"

namespace guccho {

// Splits a line as redis-server's inline protocol and redis.conf do: blanks separate, "..." with \n \r \t \b \a \xHH
// escapes, '...' with \' only. False when quotes are unbalanced or a closing quote is followed by a non-blank.
bool split_words(std::string_view line, std::vector<std::string>& out);
// The same; the error says "unbalanced quotes".
Result<std::vector<std::string>> split_line(std::string_view line);
// The word as it must be written for them to give it back.
std::string quote_word(std::string_view word);

}  // namespace guccho

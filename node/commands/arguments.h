// The notation in which a record writes down its command's arguments for COMMAND DOCS, and its reply.
//
//   arguments := argument (' ' argument)*
//   argument  := NAME '/' TYPE ('#' KEY_SPEC_INDEX)? ('=' TOKEN)? ("": the empty token)
//                ('@' SINCE)? ('!' DEPRECATED_SINCE)?
//                '?'? (optional) '*'? (may come several times) '+'? (each time with its token) ('{' arguments '}')?
//
// SET:  key/key#0 value/string condition/oneof@2.6.12?{nx/pure-token=NX xx/pure-token=XX} ...
#pragma once

#include <string_view>

#include "node/resp/writer.h"

namespace guccho::commands {

// Writes the array of argument maps of COMMAND DOCS. The notation must be well formed.
void reply_arguments(resp::ReplyWriter& reply, std::string_view notation);

}  // namespace guccho::commands

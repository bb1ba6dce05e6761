// Strings as arrays of bits: the records of the command table. Facts as COMMAND and COMMAND DOCS of Redis print them.
#include "node/commands/handlers.h"
#include "node/commands/records/key_specs.h"
#include "node/commands/records/records.h"

namespace guccho::commands::records {
namespace {

constexpr KeySpec kBitfieldKeys[] = {{.flags = kKeyRW | kKeyAccess | kKeyUpdate | kKeyVariableFlags,
                                      .index = 1,
                                      .notes = "This command allows both access and modification of the key"}};
constexpr KeySpec kBitopKeys[] = {{.flags = kKeyOW | kKeyUpdate, .index = 2},
                                  {.flags = kKeyRO | kKeyAccess, .index = 3, .last = -1}};

constexpr CommandSpec kRecords[] = {
    {
        .name = "bitcount",
        .handler = handlers::bitcount,
        .arity = -2,
        .flags = kReadonly,
        .categories = kCatBitmap,
        .keys = kReadKey,
        .since = "2.6.0",
        .group = "bitmap",
        .summary = "Count set bits in a string",
        .complexity = "O(N)",
        .history = "7.0.0 Added the `BYTE|BIT` option.",
        .arguments = "key/key#0 index/block?{start/integer end/integer index_unit/oneof@7.0.0?{byte/pure-token=BYTE "
                     "bit/pure-token=BIT}}",
    },
    {
        .name = "bitfield",
        .handler = handlers::bitfield,
        .arity = -2,
        .flags = kWrite | kDenyOom,
        .categories = kCatBitmap,
        .keys = kBitfieldKeys,
        .since = "3.2.0",
        .group = "bitmap",
        .summary = "Perform arbitrary bitfield integer operations on strings",
        .complexity = "O(1) for each subcommand specified",
        .arguments =
            "key/key#0 operation/oneof?*{encoding_offset/block=GET{encoding/string offset/integer} "
            "write/block{wrap_sat_fail/oneof=OVERFLOW?{wrap/pure-token=WRAP sat/pure-token=SAT fail/pure-token=FAIL} "
            "write_operation/oneof{encoding_offset_value/block=SET{encoding/string offset/integer value/integer} "
            "encoding_offset_increment/block=INCRBY{encoding/string offset/integer increment/integer}}}}",
    },
    {
        .name = "bitfield_ro",
        .handler = handlers::bitfield_ro,
        .arity = -2,
        .flags = kReadonly | kFast,
        .categories = kCatBitmap,
        .keys = kReadKey,
        .since = "6.0.0",
        .group = "bitmap",
        .summary = "Perform arbitrary bitfield integer operations on strings. Read-only variant of BITFIELD",
        .complexity = "O(1) for each subcommand specified",
        .arguments = "key/key#0 encoding_offset/block=GET?*+{encoding/string offset/integer}",
    },
    {
        .name = "bitop",
        .handler = handlers::bitop,
        .arity = -4,
        .flags = kWrite | kDenyOom,
        .categories = kCatBitmap,
        .keys = kBitopKeys,
        .since = "2.6.0",
        .group = "bitmap",
        .summary = "Perform bitwise operations between strings",
        .complexity = "O(N)",
        .arguments = "operation/string destkey/key#0 key/key#1*",
    },
    {
        .name = "bitpos",
        .handler = handlers::bitpos,
        .arity = -3,
        .flags = kReadonly,
        .categories = kCatBitmap,
        .keys = kReadKey,
        .since = "2.8.7",
        .group = "bitmap",
        .summary = "Find first bit set or clear in a string",
        .complexity = "O(N)",
        .history = "7.0.0 Added the `BYTE|BIT` option.",
        .arguments = "key/key#0 bit/integer index/block?{start/integer end_index/block?{end/integer "
                     "index_unit/oneof@7.0.0?{byte/pure-token=BYTE bit/pure-token=BIT}}}",
    },
    {
        .name = "getbit",
        .handler = handlers::getbit,
        .arity = 3,
        .flags = kReadonly | kFast,
        .categories = kCatBitmap,
        .keys = kReadKey,
        .since = "2.2.0",
        .group = "bitmap",
        .summary = "Returns the bit value at offset in the string value stored at key",
        .complexity = "O(1)",
        .arguments = "key/key#0 offset/integer",
    },
    {
        .name = "setbit",
        .handler = handlers::setbit,
        .arity = 4,
        .flags = kWrite | kDenyOom,
        .categories = kCatBitmap,
        .keys = kModifyKey,
        .since = "2.2.0",
        .group = "bitmap",
        .summary = "Sets or clears the bit at offset in the string value stored at key",
        .complexity = "O(1)",
        .arguments = "key/key#0 offset/integer value/integer",
    },
};
static_assert(well_formed(kRecords));

}  // namespace

std::span<const CommandSpec> bitmap() {
  return kRecords;
}

}  // namespace guccho::commands::records

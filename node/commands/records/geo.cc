// Geographic indexes: the records of the command table. Facts as COMMAND and COMMAND DOCS of Redis print them.
#include "node/commands/handlers.h"
#include "node/commands/records/key_specs.h"
#include "node/commands/records/records.h"

namespace guccho::commands::records {
namespace {

constexpr KeySpec kGeoradiusKeys[] = {
    {.flags = kKeyRO | kKeyAccess, .index = 1},
    {.flags = kKeyOW | kKeyUpdate, .begin = KeySpec::Begin::kKeyword, .index = 6, .keyword = "STORE"},
    {.flags = kKeyOW | kKeyUpdate, .begin = KeySpec::Begin::kKeyword, .index = 6, .keyword = "STOREDIST"}};
constexpr KeySpec kGeoradiusbymemberKeys[] = {
    {.flags = kKeyRO | kKeyAccess, .index = 1},
    {.flags = kKeyOW | kKeyUpdate, .begin = KeySpec::Begin::kKeyword, .index = 5, .keyword = "STORE"},
    {.flags = kKeyOW | kKeyUpdate, .begin = KeySpec::Begin::kKeyword, .index = 5, .keyword = "STOREDIST"}};
constexpr KeySpec kGeosearchstoreKeys[] = {{.flags = kKeyOW | kKeyUpdate, .index = 1},
                                           {.flags = kKeyRO | kKeyAccess, .index = 2}};

constexpr CommandSpec kRecords[] = {
    {
        .name = "geoadd",
        .handler = handlers::geoadd,
        .arity = -5,
        .flags = kWrite | kDenyOom,
        .categories = kCatGeo,
        .keys = kUpdateKey,
        .since = "3.2.0",
        .group = "geo",
        .summary = "Add one or more geospatial items in the geospatial index represented using a sorted set",
        .complexity = "O(log(N)) for each item added, where N is the number of elements in the sorted set.",
        .history = "6.2.0 Added the `CH`, `NX` and `XX` options.",
        .arguments = "key/key#0 condition/oneof@6.2.0?{nx/pure-token=NX xx/pure-token=XX} change/pure-token=CH@6.2.0? "
                     "longitude_latitude_member/block*{longitude/double latitude/double member/string}",
    },
    {
        .name = "geodist",
        .handler = handlers::geodist,
        .arity = -4,
        .flags = kReadonly,
        .categories = kCatGeo,
        .keys = kReadKey,
        .since = "3.2.0",
        .group = "geo",
        .summary = "Returns the distance between two members of a geospatial index",
        .complexity = "O(log(N))",
        .arguments = "key/key#0 member1/string member2/string unit/oneof?{m/pure-token=M km/pure-token=KM "
                     "ft/pure-token=FT mi/pure-token=MI}",
    },
    {
        .name = "geohash",
        .handler = handlers::geohash,
        .arity = -2,
        .flags = kReadonly,
        .categories = kCatGeo,
        .keys = kReadKey,
        .since = "3.2.0",
        .group = "geo",
        .summary = "Returns members of a geospatial index as standard geohash strings",
        .complexity = "O(log(N)) for each member requested, where N is the number of elements in the sorted set.",
        .arguments = "key/key#0 member/string*",
    },
    {
        .name = "geopos",
        .handler = handlers::geopos,
        .arity = -2,
        .flags = kReadonly,
        .categories = kCatGeo,
        .keys = kReadKey,
        .since = "3.2.0",
        .group = "geo",
        .summary = "Returns longitude and latitude of members of a geospatial index",
        .complexity = "O(N) where N is the number of members requested.",
        .arguments = "key/key#0 member/string*",
    },
    {
        .name = "georadius",
        .handler = handlers::georadius,
        .arity = -6,
        .flags = kWrite | kDenyOom | kMovableKeys,
        .categories = kCatGeo,
        .keys = kGeoradiusKeys,
        .since = "3.2.0",
        .group = "geo",
        .doc_flags = kDocDeprecated,
        .deprecated_since = "6.2.0",
        .replaced_by = "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
        .summary = "Query a sorted set representing a geospatial index to fetch members matching a given maximum "
                   "distance from a point",
        .complexity = "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area "
                      "delimited by center and radius and M is the number of items inside the index.",
        .history = "6.2.0 Added the `ANY` option for `COUNT`.\n"
                   "7.0.0 Added support for uppercase unit names.",
        .arguments =
            "key/key#0 longitude/double latitude/double radius/double unit/oneof{m/pure-token=M km/pure-token=KM "
            "ft/pure-token=FT mi/pure-token=MI} withcoord/pure-token=WITHCOORD? withdist/pure-token=WITHDIST? "
            "withhash/pure-token=WITHHASH? count/block?{count/integer=COUNT any/pure-token=ANY@6.2.0?} "
            "order/oneof?{asc/pure-token=ASC desc/pure-token=DESC} key/key#1=STORE? key/key#2=STOREDIST?",
    },
    {
        .name = "georadius_ro",
        .handler = handlers::georadius_ro,
        .arity = -6,
        .flags = kReadonly,
        .categories = kCatGeo,
        .keys = kReadKey,
        .since = "3.2.10",
        .group = "geo",
        .doc_flags = kDocDeprecated,
        .deprecated_since = "6.2.0",
        .replaced_by = "`GEOSEARCH` with the `BYRADIUS` argument",
        .summary = "A read-only variant for GEORADIUS",
        .complexity = "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area "
                      "delimited by center and radius and M is the number of items inside the index.",
        .history = "6.2.0 Added the `ANY` option for `COUNT`.",
        .arguments = "key/key#0 longitude/double latitude/double radius/double unit/oneof{m/pure-token=M "
                     "km/pure-token=KM ft/pure-token=FT mi/pure-token=MI} withcoord/pure-token=WITHCOORD? "
                     "withdist/pure-token=WITHDIST? withhash/pure-token=WITHHASH? count/block?{count/integer=COUNT "
                     "any/pure-token=ANY@6.2.0?} order/oneof?{asc/pure-token=ASC desc/pure-token=DESC}",
    },
    {
        .name = "georadiusbymember",
        .handler = handlers::georadiusbymember,
        .arity = -5,
        .flags = kWrite | kDenyOom | kMovableKeys,
        .categories = kCatGeo,
        .keys = kGeoradiusbymemberKeys,
        .since = "3.2.0",
        .group = "geo",
        .doc_flags = kDocDeprecated,
        .deprecated_since = "6.2.0",
        .replaced_by = "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
        .summary = "Query a sorted set representing a geospatial index to fetch members matching a given maximum "
                   "distance from a member",
        .complexity = "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area "
                      "delimited by center and radius and M is the number of items inside the index.",
        .history = "7.0.0 Added support for uppercase unit names.",
        .arguments = "key/key#0 member/string radius/double unit/oneof{m/pure-token=M km/pure-token=KM "
                     "ft/pure-token=FT mi/pure-token=MI} withcoord/pure-token=WITHCOORD? withdist/pure-token=WITHDIST? "
                     "withhash/pure-token=WITHHASH? count/block?{count/integer=COUNT any/pure-token=ANY?} "
                     "order/oneof?{asc/pure-token=ASC desc/pure-token=DESC} key/key#1=STORE? key/key#2=STOREDIST?",
    },
    {
        .name = "georadiusbymember_ro",
        .handler = handlers::georadiusbymember_ro,
        .arity = -5,
        .flags = kReadonly,
        .categories = kCatGeo,
        .keys = kReadKey,
        .since = "3.2.10",
        .group = "geo",
        .doc_flags = kDocDeprecated,
        .deprecated_since = "6.2.0",
        .replaced_by = "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
        .summary = "A read-only variant for GEORADIUSBYMEMBER",
        .complexity = "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area "
                      "delimited by center and radius and M is the number of items inside the index.",
        .arguments = "key/key#0 member/string radius/double unit/oneof{m/pure-token=M km/pure-token=KM "
                     "ft/pure-token=FT mi/pure-token=MI} withcoord/pure-token=WITHCOORD? withdist/pure-token=WITHDIST? "
                     "withhash/pure-token=WITHHASH? count/block?{count/integer=COUNT any/pure-token=ANY?} "
                     "order/oneof?{asc/pure-token=ASC desc/pure-token=DESC}",
    },
    {
        .name = "geosearch",
        .handler = handlers::geosearch,
        .arity = -7,
        .flags = kReadonly,
        .categories = kCatGeo,
        .keys = kReadKey,
        .since = "6.2.0",
        .group = "geo",
        .summary =
            "Query a sorted set representing a geospatial index to fetch members inside an area of a box or a circle.",
        .complexity = "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the "
                      "shape provided as the filter and M is the number of items inside the shape",
        .history = "7.0.0 Added support for uppercase unit names.",
        .arguments =
            "key/key#0 from/oneof{member/string=FROMMEMBER longitude_latitude/block=FROMLONLAT{longitude/double "
            "latitude/double}} by/oneof{circle/block{radius/double=BYRADIUS unit/oneof{m/pure-token=M km/pure-token=KM "
            "ft/pure-token=FT mi/pure-token=MI}} box/block{width/double=BYBOX height/double unit/oneof{m/pure-token=M "
            "km/pure-token=KM ft/pure-token=FT mi/pure-token=MI}}} order/oneof?{asc/pure-token=ASC "
            "desc/pure-token=DESC} count/block?{count/integer=COUNT any/pure-token=ANY?} "
            "withcoord/pure-token=WITHCOORD? withdist/pure-token=WITHDIST? withhash/pure-token=WITHHASH?",
    },
    {
        .name = "geosearchstore",
        .handler = handlers::geosearchstore,
        .arity = -8,
        .flags = kWrite | kDenyOom,
        .categories = kCatGeo,
        .keys = kGeosearchstoreKeys,
        .since = "6.2.0",
        .group = "geo",
        .summary = "Query a sorted set representing a geospatial index to fetch members inside an area of a box or a "
                   "circle, and store the result in another key.",
        .complexity = "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the "
                      "shape provided as the filter and M is the number of items inside the shape",
        .history = "7.0.0 Added support for uppercase unit names.",
        .arguments =
            "destination/key#0 source/key#1 from/oneof{member/string=FROMMEMBER "
            "longitude_latitude/block=FROMLONLAT{longitude/double latitude/double}} "
            "by/oneof{circle/block{radius/double=BYRADIUS unit/oneof{m/pure-token=M km/pure-token=KM ft/pure-token=FT "
            "mi/pure-token=MI}} box/block{width/double=BYBOX height/double unit/oneof{m/pure-token=M km/pure-token=KM "
            "ft/pure-token=FT mi/pure-token=MI}}} order/oneof?{asc/pure-token=ASC desc/pure-token=DESC} "
            "count/block?{count/integer=COUNT any/pure-token=ANY?} storedist/pure-token=STOREDIST?",
    },
};
static_assert(well_formed(kRecords));

}  // namespace

std::span<const CommandSpec> geo() {
  return kRecords;
}

}  // namespace guccho::commands::records

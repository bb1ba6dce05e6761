"""The arguments of each command, in the notation of language.py. A line is WEIGHT COMMAND ARGUMENTS; where a command has
several lines they share its turns. Commands that need more than one request are in units.py; which commands are not
played, and why, is in coverage.py."""

LINES = r"""
# strings
1 append {str} {val}
1 decr {num}
1 decrby {num} {int}
1 get {str}
1 getdel {str}
1.7 getex {str} [85 ( EX {seconds} | PX {milliseconds} | EXAT {at} | PXAT {atms} | PERSIST ) ]
1 getrange {str} {index} {index}
1 getset {str} {val}
1 incr {num}
1 incrby {num} {int}
1 incrbyfloat {num} {float}
2 lcs {str} {str} [75 ( LEN | IDX [60 MINMATCHLEN {count} ] [60 WITHMATCHLEN ] ) ]
1 mget ( {str} )*
1 mset ( {str} {val} )*
1 msetnx ( {str} {val} )*
1 psetex {str} {milliseconds} {val}
3 set {str} {val} < [30 ( NX | XX ) ] [30 GET ] [ ( EX {seconds} | PX {milliseconds} | EXAT {future} | PXAT {futurems} | KEEPTTL ) ] >
1 set {num} {int}
1 setex {str} {seconds} {val}
1 setnx {str} {val}
1 setrange {str} {range:0..120} {val}
1 strlen {str}
1 substr {str} {index} {index}

# bitmaps
1 bitcount {bit} [70 {index} {index} [ ( BYTE | BIT ) ] ]
1.7 bitpos {bit} {range:0..1} [80 {index} [ {index} [ ( BYTE | BIT ) ] ] ]
1 bitfield {bit} ( ( GET {bftype} {bfoffset} | [ OVERFLOW ( WRAP | SAT | FAIL ) ] ( SET {bftype} {bfoffset} {int} | INCRBY {bftype} {bfoffset} {int} ) ) )*
1 bitfield_ro {bit} ( GET {bftype} {bfoffset} )*
1 bitop ( =AND | =OR | =XOR ) {bit} ( {bit} )*
1 bitop =NOT {bit} {bit}
1 getbit {bit} {range:0..2000}
1 setbit {bit} {range:0..1000} {range:0..1}
1 setbit {bit} {range:0..70000} {range:0..1}

# HyperLogLog
2 pfadd {hll} ( {element} )*
1 pfcount ( {hll} )*
1 pfmerge {hll} ( {hll} )*
1 pfdebug ( =ENCODING | =DECODE | =GETREG | =TODENSE ) {hll}

# keys of any type
2 del ( {any} )*
1 exists ( {any} )*
1.5 expire {any} {longseconds} [75 ( NX | XX | GT | LT ) ]
1.5 expireat {any} {at} [75 ( NX | XX | GT | LT ) ]
1.5 pexpire {any} {milliseconds} [75 ( NX | XX | GT | LT ) ]
1.5 pexpireat {any} {atms} [75 ( NX | XX | GT | LT ) ]
1 expiretime {any}
1 pexpiretime {any}
1 ttl {any}
1 pttl {any}
1 persist {any}
1 type {any}
1 touch ( {any} )*
1 unlink ( {any} )*
1 rename {hash} {hash}
1 rename {list} {list}
1 rename {any} {any}
1 renamenx {set} {set}
1 renamenx {any} {any}
1 copy ( {hash} {hash} | {list} {list} | {set} {set} | {zset} {zset} | {stream} {stream} | {str} {str} | {bit} {bit} | {any} {any} ) < [20 DB =0 ] [60 REPLACE ] >
1 dump {any}
1.6 restore ( {any} | {str} ) ( =0 | {milliseconds} ) {payload} < [80 REPLACE ] [45 ( IDLETIME {range:0..1000} | FREQ {range:0..255} ) ] >
1.6 restore {any} {atms} {payload} < REPLACE ABSTTL >
1.6 restore-asking {any} ( =0 | {milliseconds} ) {payload} < [80 REPLACE ] [45 ( IDLETIME {range:0..1000} | FREQ {range:0..255} ) ] >
1.6 restore-asking {any} {atms} {payload} < REPLACE ABSTTL >
1 object|encoding {any}
1 object|refcount {any}
1 object|idletime {any}
1 object|help
1 keys {pattern}
1 dbsize
1 wait =0 {range:0..1}
1 sort ( {list} | {set} | {zset} ) < [ ( ASC | DESC ) ] ALPHA [ LIMIT {index} {count} ] [20 GET =# ] >
1 sort ( {list} | {set} ) < [ ( ASC | DESC ) ] [ ALPHA ] [60 STORE {list} ] [ LIMIT {index} {count} ] >
1 sort ( {plainlist} | {plainzset} ) < BY =nosort [ ( ASC | DESC ) ] [ LIMIT {index} {count} ] >
1 sort_ro ( {list} | {set} | {zset} ) < [ ( ASC | DESC ) ] ALPHA [ LIMIT {index} {count} ] [20 GET =# ] >
1 sort_ro ( {plainlist} | {plainzset} ) < BY =nosort [ ( ASC | DESC ) ] [ LIMIT {index} {count} ] >

# lists
2 lpush {list} ( {member} )*
2 rpush {list} ( {member} )*
1 rpush {plainlist} ( {member} )*
1 lpushx {list} ( {member} )*
1 rpushx {list} ( {member} )*
1 lpop {list} [ {count} ]
1 rpop {list} [ {count} ]
1 llen {list}
1 lindex {list} {index}
1 lrange {list} {index} {index}
1 linsert {list} ( BEFORE | AFTER ) {member} {member}
1.6 lset {list} {range:-2..1} {member}
1 lrem {list} {range:-3..3} {member}
1 ltrim {list} {range:-30..5} {range:-6..40}
1 lpos {list} {member} < [ RANK ( {range:1..3} | {range:-3..-1} ) ] [ COUNT {count} ] [ MAXLEN {range:0..30} ] >
1 lmove {list} {list} ( LEFT | RIGHT ) ( LEFT | RIGHT )
1 rpoplpush {list} {list}
1 lmpop {keys:list} ( LEFT | RIGHT ) [ COUNT {positive} ]

# sets
3 sadd {set} ( {member} )*
1 sadd {set} ( {plain} )*
1 srem {set} ( {member} )*
1 scard {set}
1 sismember {set} {member}
1 smismember {set} ( {member} )*
1 smembers {set}
1 smove {set} {set} {member}
1 sinter ( {set} )*
1 sunion ( {set} )*
1 sdiff ( {set} )*
1 sinterstore {set} ( {set} )*
1 sunionstore {set} ( {set} )*
1 sdiffstore {set} ( {set} )*
1 sintercard {keys:set} [ LIMIT {count} ]

# sorted sets
3 zadd {zset} < [35 ( NX | XX | GT | LT | XX GT | XX LT ) ] [30 CH ] > ( {score} {member} )*
1 zadd {zset} < [30 ( NX | XX | GT | LT ) ] [ CH ] INCR > {score} {member}
1 zadd {lexset} ( =0 {member} )*
1 zadd {plainzset} ( {score} {member} )*
1 zcard {zset}
1 zcount {zset} {scores}
1 zlexcount {lexset} {lex}
1 zincrby {zset} {score} {member}
1 zscore {zset} {member}
1 zmscore {zset} ( {member} )*
1 zrank {zset} {member}
1 zrevrank {zset} {member}
1 zrange {zset} {index} {index} < [ REV ] [ WITHSCORES ] >
1 zrange {zset} {scores} < BYSCORE [ LIMIT {index} {count} ] [ WITHSCORES ] >
1 zrange {zset} {scoresrev} < BYSCORE REV [ LIMIT {index} {count} ] [ WITHSCORES ] >
1 zrange {lexset} {lex} < BYLEX [ LIMIT {index} {count} ] >
1 zrange {lexset} {lexrev} < BYLEX REV [ LIMIT {index} {count} ] >
1 zrangestore {zset} {zset} {index} {index} [ REV ]
1 zrangestore {zset} {zset} {scores} < BYSCORE [ LIMIT {index} {count} ] >
1 zrangestore {lexset} {lexset} {lexrev} < BYLEX REV [ LIMIT {index} {count} ] >
1 zrevrange {zset} {index} {index} [ WITHSCORES ]
1 zrangebyscore {zset} {scores} < [ WITHSCORES ] [ LIMIT {index} {count} ] >
1 zrevrangebyscore {zset} {scoresrev} < [ WITHSCORES ] [ LIMIT {index} {count} ] >
1 zrangebylex {lexset} {lex} [ LIMIT {index} {count} ]
1 zrevrangebylex {lexset} {lexrev} [ LIMIT {index} {count} ]
1 zrem {zset} ( {member} )*
1 zremrangebyrank {zset} {range:-8..3} {range:-12..5}
1 zremrangebyscore {zset} {scores}
1 zremrangebylex {lexset} {lex}
1 zpopmin {zset} [ {count} ]
1 zpopmax {zset} [ {count} ]
1 zmpop {keys:zset} ( MIN | MAX ) [ COUNT {positive} ]
1.7 zinter {keys:zset,zset,set} < [ AGGREGATE ( SUM | MIN | MAX ) ] [ WITHSCORES ] >
1.7 zinter =2 {zset} {zset} < WEIGHTS {weight} {weight} [ AGGREGATE ( SUM | MIN | MAX ) ] [ WITHSCORES ] >
1.7 zunion {keys:zset,zset,set} < [ AGGREGATE ( SUM | MIN | MAX ) ] [ WITHSCORES ] >
1.7 zunion =2 {zset} {zset} < WEIGHTS {weight} {weight} [ AGGREGATE ( SUM | MIN | MAX ) ] [ WITHSCORES ] >
1 zdiff {keys:zset,zset,set} [ WITHSCORES ]
1.7 zinterstore {zset} {keys:zset,zset,set} [ AGGREGATE ( SUM | MIN | MAX ) ]
1.7 zinterstore {zset} =2 {zset} {zset} < WEIGHTS {weight} {weight} [ AGGREGATE ( SUM | MIN | MAX ) ] >
1.7 zunionstore {zset} {keys:zset,zset,set} [ AGGREGATE ( SUM | MIN | MAX ) ]
1.7 zunionstore {zset} =2 {zset} {zset} < WEIGHTS {weight} {weight} [ AGGREGATE ( SUM | MIN | MAX ) ] >
1 zdiffstore {zset} {keys:zset,zset,set}
1 zintercard {keys:zset,zset,set} [ LIMIT {count} ]

# geographic indexes
3 geoadd {geo} < [20 ( NX | XX ) ] [30 CH ] > ( {lon} {lat} {place} )*
1.7 geodist {geo} {place} {place} [85 ( M | KM | FT | MI ) ]
1 geohash {geo} ( {place} )*
1 geopos {geo} ( {place} )*
1 georadius {geo} {lon} {lat} {distance} ( M | KM | FT | MI ) < [ WITHCOORD ] [ WITHDIST ] [ WITHHASH ] [ COUNT {positive} [60 ANY ] ] [ ( ASC | DESC ) ] >
1 georadius {geo} {lon} {lat} {distance} ( M | KM | FT | MI ) < [ COUNT {positive} [60 ANY ] ] [ ( ASC | DESC ) ] ( STORE {geo} | STOREDIST {zset} ) >
1 georadius_ro {geo} {lon} {lat} {distance} ( M | KM | FT | MI ) < [ WITHCOORD ] [ WITHDIST ] [ WITHHASH ] [ COUNT {positive} [60 ANY ] ] [ ( ASC | DESC ) ] >
1 georadiusbymember {geo} {place} {distance} ( M | KM | FT | MI ) < [ WITHCOORD ] [ WITHDIST ] [ WITHHASH ] [ COUNT {positive} [60 ANY ] ] [ ( ASC | DESC ) ] >
1 georadiusbymember {geo} {place} {distance} ( M | KM | FT | MI ) < [ COUNT {positive} [60 ANY ] ] [ ( ASC | DESC ) ] ( STORE {geo} | STOREDIST {zset} ) >
1 georadiusbymember_ro {geo} {place} {distance} ( M | KM | FT | MI ) < [ WITHCOORD ] [ WITHDIST ] [ WITHHASH ] [ COUNT {positive} [60 ANY ] ] [ ( ASC | DESC ) ] >
2 geosearch {geo} < ( FROMMEMBER {place} | FROMLONLAT {lon} {lat} ) ( BYRADIUS {distance} ( M | KM | FT | MI ) | BYBOX {distance} {distance} ( M | KM | FT | MI ) ) [ ( ASC | DESC ) ] [ COUNT {positive} [60 ANY ] ] [ WITHCOORD ] [ WITHDIST ] [ WITHHASH ] >
2 geosearchstore {geo} {geo} < ( FROMMEMBER {place} | FROMLONLAT {lon} {lat} ) ( BYRADIUS {distance} ( M | KM | FT | MI ) | BYBOX {distance} {distance} ( M | KM | FT | MI ) ) [ ( ASC | DESC ) ] [ COUNT {positive} [60 ANY ] ] >
1 geosearchstore {zset} {geo} < FROMLONLAT {lon} {lat} BYRADIUS {distance} ( M | KM | FT | MI ) STOREDIST >

# hashes
3 hset {hash} ( {field} {val} )*
1 hmset {hash} ( {field} {val} )*
1 hsetnx {hash} {field} {val}
1 hget {hash} {field}
1 hmget {hash} ( {field} )*
1 hgetall {hash}
1 hkeys {hash}
1 hvals {hash}
1 hlen {hash}
1 hexists {hash} {field}
1 hstrlen {hash} {field}
1 hdel {hash} ( {field} )*
1 hincrby {hash} =count {int}
1 hincrby {hash} {field} {int}
1 hincrbyfloat {hash} =sum {float}
1 hincrbyfloat {hash} {field} {float}

# streams
4 xadd {stream} [10 NOMKSTREAM ] [30 ( MAXLEN | MAXLEN = | MAXLEN ~ ) {range:0..30} ] {newid} ( {field} {val} )*
1 xadd {stream} MAXLEN ~ {range:0..30} LIMIT {range:0..20} {newid} ( {field} {val} )*
1 xadd {stream} ( MINID | MINID = | MINID ~ [ LIMIT {range:0..20} ] ) {id} {newid} ( {field} {val} )*
1 xtrim {stream} ( MAXLEN ( = {range:0..30} | ~ {range:0..30} [ LIMIT {range:0..20} ] | {range:0..30} ) | MINID ( = {id} | ~ {id} [ LIMIT {range:0..20} ] | {id} ) )
1 xdel {stream} ( {id} )*
1 xlen {stream}
1 xrange {stream} {ids} [ COUNT {count} ]
1 xrevrange {stream} {idsrev} [ COUNT {count} ]
1 xread [ COUNT {count} ] [20 BLOCK =1 ] STREAMS {streams}
1 xsetid {stream} {nextid} [ ENTRIESADDED {range:0..2000} MAXDELETEDID {id} ]
3 xgroup|create {stream} {group} ( $ | =0 | {id} ) [60 MKSTREAM ] [30 ENTRIESREAD {range:0..50} ]
1 xgroup|createconsumer {stream} {group} {consumer}
2 xgroup|delconsumer {stream} {group} {consumer}
1 xgroup|destroy {stream} {group}
2 xgroup|setid {stream} {group} ( $ | =0 | {id} ) [30 ENTRIESREAD {range:0..50} ]
1 xgroup|help
3 xreadgroup GROUP {group} {consumer} [ COUNT {count} ] [15 BLOCK =1 ] [15 NOACK ] STREAMS {groupstreams}
1 xack {stream} {group} ( {id} )*
2 xpending {stream} {group}
2 xpending {stream} {group} [ IDLE {idle} ] {ids} {count} [ {consumer} ]
2 xclaim {stream} {group} {consumer} {idle} ( {id} )* < [ ( IDLE =5000 | TIME =1000000000000 ) ] [ RETRYCOUNT {count} ] [ FORCE ] [ JUSTID ] [ LASTID {id} ] >
2 xautoclaim {stream} {group} {consumer} {idle} {id} < [ COUNT {positive} ] [ JUSTID ] >
1.5 xinfo|stream {stream} [ FULL [ COUNT {count} ] ]
1 xinfo|groups {stream}
2 xinfo|consumers {stream} {group}
1 xinfo|help

# the connection and the server
0.3 ping [ {val} ]
0.3 echo {val}
0.3 time
0.3 lolwut [ VERSION {range:1..6} ]
0.3 info [ {section} ]
0.3 role
0.3 asking
0.3 readonly
0.3 readwrite
0.3 select =0
0.3 auth =default {word}
0.3 config|get {directive}
0.3 config|set =maxmemory-samples {range:1..9}
0.3 config|resetstat
0.2 config|rewrite
0.3 config|help
0.3 slowlog|get [ {count} ]
0.3 slowlog|len
0.3 slowlog|reset
0.3 slowlog|help
0.3 latency|doctor
0.3 latency|help
0.3 latency|histogram [ =get ]
0.3 latency|history {word}
0.3 latency|latest
0.3 latency|reset [ {word} ]
0.3 memory|doctor
0.3 memory|help
0.3 memory|malloc-stats
0.3 memory|purge
0.3 memory|stats
0.5 memory|usage {any} [ SAMPLES {count} ]
0.3 client|getname
0.3 client|setname {word}
0.3 client|getredir
0.3 client|help
0.3 client|id
0.3 client|info
2 client|kill < [40 ID =99999999 ] TYPE ( NORMAL | MASTER | SLAVE | REPLICA | PUBSUB ) [40 USER =default ] [40 ADDR =1.2.3.4:5 ] [40 LADDR =1.2.3.4:5 ] [40 SKIPME =yes ] >
2 client|list [80 ( TYPE ( NORMAL | MASTER | REPLICA | PUBSUB ) | ID =99999999 ) ]
0.3 client|no-evict ( ON | OFF )
0.3 client|trackinginfo
0.6 client|unblock =99999999 [ ( TIMEOUT | ERROR ) ]
0.3 client|unpause
0.1 command
0.3 command|count
0.3 command|docs {command}
0.3 command|info {command}
1 command|list [80 FILTERBY ( MODULE {word} | ACLCAT {category} | PATTERN {pattern} ) ]
0.3 command|getkeys ( =MSET ( {str} {val} )* | =SET {str} {val} | =EVAL =x {keys:str} | =XREAD =STREAMS {streams} | =GET | =PING | =SORT {list} =STORE {list} | =ZUNIONSTORE {zset} {keys:zset} )
0.3 command|getkeysandflags ( =MSET ( {str} {val} )* | =SET {str} {val} =GET | =EVAL =x {keys:str} | =BITFIELD {bit} =GET =u8 =0 | =SORT {list} =STORE {list} | =COPY {str} {str} )
0.3 command|help
0.3 cluster|keyslot {any}
0.3 cluster|countkeysinslot {slot}
0.3 cluster|getkeysinslot {slot} =1000
0.3 cluster|info
0.3 cluster|myid
0.3 cluster|nodes
0.3 cluster|shards
0.3 cluster|slots
0.3 cluster|help
0.2 cluster|saveconfig
0.3 acl|cat [ {category} ]
0.3 acl|whoami
0.3 acl|users
0.3 acl|getuser =default
0.3 acl|genpass [ {range:1..300} ]
0.3 acl|help
0.5 acl|log [70 ( {count} | RESET ) ]
0.3 acl|dryrun =default =get {any}
0.5 publish {channel} {val}
0.5 spublish {channel} {val}
0.5 pubsub|channels [ {pattern} ]
0.3 pubsub|numpat
0.3 pubsub|numsub ( {channel} )*
0.3 pubsub|shardchannels [ {pattern} ]
0.3 pubsub|shardnumsub ( {channel} )*
0.3 pubsub|help
0.3 script|exists ( {sha} )*
0.3 script|help
0.3 function|help
0.3 function|stats
0.3 module|help
0.3 module|list

# blocking commands that find something or wait for a moment
1 blpop ( {list} )* {timeout}
1 brpop ( {list} )* {timeout}
1 blmove {list} {list} ( LEFT | RIGHT ) ( LEFT | RIGHT ) {timeout}
1 brpoplpush {list} {list} {timeout}
1 blmpop {timeout} {keys:list} ( LEFT | RIGHT ) [ COUNT {positive} ]
1 bzpopmin ( {zset} )* {timeout}
1 bzpopmax ( {zset} )* {timeout}
1 bzmpop {timeout} {keys:zset} ( MIN | MAX ) [ COUNT {positive} ]
"""

# A junk value would make these wait, or answer without end.
NO_MUTATION = {"blpop", "brpop", "blmove", "brpoplpush", "blmpop", "bzpopmin", "bzpopmax", "bzmpop", "xread", "xreadgroup",
               "wait", "pfdebug",
               "zrank", "zrevrank",  # 7.2 takes an argument more
               "xsetid"}  # 7.2 refuses an id below that of a deleted entry
# Those about the server are played as they are: their errors are in the hand-written cases.
NO_MUTATION |= {line.split(" ")[1] for line in LINES[LINES.index("# the connection and the server"):].splitlines()
                if line and line[0].isdigit()}
# A small number in the place of a time to live would be over at a moment that is not the same on both.
LIVES = {"set", "getex", "setex", "psetex", "expire", "pexpire", "expireat", "pexpireat", "restore", "restore-asking"}

// The handlers by family: what the records of the command table point at. Each is explained by its record.
#pragma once

namespace guccho::commands {
class Context;
}

namespace guccho::commands::handlers {

// connection.cc, client.cc
void auth(Context& c);
void client_caching(Context& c);
void client_getname(Context& c);
void client_getredir(Context& c);
void client_help(Context& c);
void client_id(Context& c);
void client_info(Context& c);
void client_kill(Context& c);
void client_list(Context& c);
void client_no_evict(Context& c);
void client_no_touch(Context& c);
void client_pause(Context& c);
void client_reply(Context& c);
void client_setinfo(Context& c);
void client_setname(Context& c);
void client_tracking(Context& c);
void client_trackinginfo(Context& c);
void client_unblock(Context& c);
void client_unpause(Context& c);
void echo(Context& c);
void hello(Context& c);
void ping(Context& c);
void quit(Context& c);
void reset(Context& c);
void select(Context& c);

// string.cc, string_number.cc, lcs.cc
void append(Context& c);
void decr(Context& c);
void decrby(Context& c);
void get(Context& c);
void getdel(Context& c);
void getex(Context& c);
void getrange(Context& c);
void getset(Context& c);
void incr(Context& c);
void incrby(Context& c);
void incrbyfloat(Context& c);
void lcs(Context& c);
void mget(Context& c);
void mset(Context& c);
void msetnx(Context& c);
void psetex(Context& c);
void set(Context& c);
void setex(Context& c);
void setnx(Context& c);
void setrange(Context& c);
void strlen(Context& c);
void substr(Context& c);

// bitmap.cc, bitfield.cc
void bitcount(Context& c);
void bitfield(Context& c);
void bitfield_ro(Context& c);
void bitop(Context& c);
void bitpos(Context& c);
void getbit(Context& c);
void setbit(Context& c);

// stream.cc, stream_read.cc, stream_group.cc, stream_claim.cc, stream_info.cc
void xack(Context& c);
void xadd(Context& c);
void xautoclaim(Context& c);
void xclaim(Context& c);
void xdel(Context& c);
void xgroup_create(Context& c);
void xgroup_createconsumer(Context& c);
void xgroup_delconsumer(Context& c);
void xgroup_destroy(Context& c);
void xgroup_help(Context& c);
void xgroup_setid(Context& c);
void xinfo_consumers(Context& c);
void xinfo_groups(Context& c);
void xinfo_help(Context& c);
void xinfo_stream(Context& c);
void xlen(Context& c);
void xpending(Context& c);
void xrange(Context& c);
void xread(Context& c);
void xreadgroup(Context& c);
void xrevrange(Context& c);
void xsetid(Context& c);
void xtrim(Context& c);

// generic.cc, expire.cc, scan.cc
void copy(Context& c);
void del(Context& c);
void exists(Context& c);
void expire(Context& c);
void expireat(Context& c);
void expiretime(Context& c);
void keys(Context& c);
void move(Context& c);
void object_encoding(Context& c);
void object_freq(Context& c);
void object_help(Context& c);
void object_idletime(Context& c);
void object_refcount(Context& c);
void persist(Context& c);
void pexpire(Context& c);
void pexpireat(Context& c);
void pexpiretime(Context& c);
void pttl(Context& c);
void randomkey(Context& c);
void rename(Context& c);
void renamenx(Context& c);
void scan(Context& c);
void touch(Context& c);
void ttl(Context& c);
void type(Context& c);
void unlink(Context& c);
void wait(Context& c);

// hash.cc
void hdel(Context& c);
void hexists(Context& c);
void hget(Context& c);
void hgetall(Context& c);
void hincrby(Context& c);
void hincrbyfloat(Context& c);
void hkeys(Context& c);
void hlen(Context& c);
void hmget(Context& c);
void hmset(Context& c);
void hrandfield(Context& c);
void hscan(Context& c);
void hset(Context& c);
void hsetnx(Context& c);
void hstrlen(Context& c);
void hvals(Context& c);

// transaction.cc
void discard(Context& c);
void multi(Context& c);
void unwatch(Context& c);

// introspection.cc (COMMAND), server.cc, debug.cc, slow_log.cc
void command(Context& c);
void command_count(Context& c);
void command_docs(Context& c);
void command_getkeys(Context& c);
void command_getkeysandflags(Context& c);
void command_help(Context& c);
void command_info(Context& c);
void command_list(Context& c);
void config_get(Context& c);
void config_help(Context& c);
void config_resetstat(Context& c);
void config_rewrite(Context& c);
void config_set(Context& c);
void dbsize(Context& c);
void debug(Context& c);
void failover(Context& c);
void flushall(Context& c);
void flushdb(Context& c);
void info(Context& c);
void lolwut(Context& c);
void monitor(Context& c);
void psync(Context& c);
void replconf(Context& c);
void replicaof(Context& c);
void role(Context& c);
void shutdown(Context& c);
void slaveof(Context& c);
void slowlog_get(Context& c);
void slowlog_help(Context& c);
void slowlog_len(Context& c);
void slowlog_reset(Context& c);
void swapdb(Context& c);
void sync(Context& c);
void time(Context& c);

// cluster.cc, cluster_slots.cc
void asking(Context& c);
void cluster_addslots(Context& c);
void cluster_addslotsrange(Context& c);
void cluster_bumpepoch(Context& c);
void cluster_count_failure_reports(Context& c);
void cluster_countkeysinslot(Context& c);
void cluster_delslots(Context& c);
void cluster_delslotsrange(Context& c);
void cluster_failover(Context& c);
void cluster_flushslots(Context& c);
void cluster_forget(Context& c);
void cluster_getkeysinslot(Context& c);
void cluster_help(Context& c);
void cluster_info(Context& c);
void cluster_keyslot(Context& c);
void cluster_links(Context& c);
void cluster_meet(Context& c);
void cluster_myid(Context& c);
void cluster_myshardid(Context& c);
void cluster_nodes(Context& c);
void cluster_replicas(Context& c);
void cluster_replicate(Context& c);
void cluster_reset(Context& c);
void cluster_saveconfig(Context& c);
void cluster_set_config_epoch(Context& c);
void cluster_setslot(Context& c);
void cluster_shards(Context& c);
void cluster_slaves(Context& c);
void cluster_slots(Context& c);
void readonly(Context& c);
void readwrite(Context& c);

}  // namespace guccho::commands::handlers

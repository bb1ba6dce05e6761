// The handlers by family: what the records of the command table point at. Each is explained by its record.
#pragma once

namespace guccho::commands {
class Context;
}

namespace guccho::commands::handlers {

// acl.cc
void acl_cat(Context& c);
void acl_deluser(Context& c);
void acl_dryrun(Context& c);
void acl_genpass(Context& c);
void acl_getuser(Context& c);
void acl_help(Context& c);
void acl_list(Context& c);
void acl_load(Context& c);
void acl_log(Context& c);
void acl_save(Context& c);
void acl_setuser(Context& c);
void acl_users(Context& c);
void acl_whoami(Context& c);

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

// dump.cc
void dump(Context& c);
void restore(Context& c);
void restore_asking(Context& c);

// hyperloglog.cc
void pfadd(Context& c);
void pfcount(Context& c);
void pfdebug(Context& c);
void pfmerge(Context& c);
void pfselftest(Context& c);

// latency.cc
void latency_doctor(Context& c);
void latency_graph(Context& c);
void latency_help(Context& c);
void latency_histogram(Context& c);
void latency_history(Context& c);
void latency_latest(Context& c);
void latency_reset(Context& c);

// memory.cc
void memory_doctor(Context& c);
void memory_help(Context& c);
void memory_malloc_stats(Context& c);
void memory_purge(Context& c);
void memory_stats(Context& c);
void memory_usage(Context& c);

// string.cc, string_number.cc, lcs.cc
void append(Context& c);
void decr(Context& c);
void decrby(Context& c);
void delifeq(Context& c);
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
void waitaof(Context& c);

// hash.cc, hash_random.cc, hash_expire.cc, hash_getex.cc
void hdel(Context& c);
void hexists(Context& c);
void hexpire(Context& c);
void hexpireat(Context& c);
void hexpiretime(Context& c);
void hget(Context& c);
void hgetall(Context& c);
void hgetdel(Context& c);
void hgetex(Context& c);
void hincrby(Context& c);
void hincrbyfloat(Context& c);
void hkeys(Context& c);
void hlen(Context& c);
void hmget(Context& c);
void hmset(Context& c);
void hpersist(Context& c);
void hpexpire(Context& c);
void hpexpireat(Context& c);
void hpexpiretime(Context& c);
void hpttl(Context& c);
void hrandfield(Context& c);
void hscan(Context& c);
void hset(Context& c);
void hsetex(Context& c);
void hsetnx(Context& c);
void hstrlen(Context& c);
void httl(Context& c);
void hvals(Context& c);

// list.cc, list_move.cc, list_pop.cc
void blmove(Context& c);
void blmpop(Context& c);
void blpop(Context& c);
void brpop(Context& c);
void brpoplpush(Context& c);
void lindex(Context& c);
void linsert(Context& c);
void llen(Context& c);
void lmove(Context& c);
void lmpop(Context& c);
void lpop(Context& c);
void lpos(Context& c);
void lpush(Context& c);
void lpushx(Context& c);
void lrange(Context& c);
void lrem(Context& c);
void lset(Context& c);
void ltrim(Context& c);
void rpop(Context& c);
void rpoplpush(Context& c);
void rpush(Context& c);
void rpushx(Context& c);

// set.cc, set_random.cc, set_combine.cc
void sadd(Context& c);
void scard(Context& c);
void sdiff(Context& c);
void sdiffstore(Context& c);
void sinter(Context& c);
void sintercard(Context& c);
void sinterstore(Context& c);
void sismember(Context& c);
void smembers(Context& c);
void smismember(Context& c);
void smove(Context& c);
void spop(Context& c);
void srandmember(Context& c);
void srem(Context& c);
void sscan(Context& c);
void sunion(Context& c);
void sunionstore(Context& c);

// sort.cc
void sort(Context& c);
void sort_ro(Context& c);
// scripting.cc
void eval(Context& c);
void eval_ro(Context& c);
void evalsha(Context& c);
void evalsha_ro(Context& c);
void fcall(Context& c);
void fcall_ro(Context& c);
void script_debug(Context& c);
void script_exists(Context& c);
void script_flush(Context& c);
void script_help(Context& c);
void script_kill(Context& c);
void script_load(Context& c);

// function.cc
void function_delete(Context& c);
void function_dump(Context& c);
void function_flush(Context& c);
void function_help(Context& c);
void function_kill(Context& c);
void function_list(Context& c);
void function_load(Context& c);
void function_restore(Context& c);
void function_stats(Context& c);

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
void cluster_slot_stats(Context& c);
void cluster_slots(Context& c);
void readonly(Context& c);
void readwrite(Context& c);

// zset.cc, zset_range.cc, zset_pop.cc, zset_combine.cc, zset_random.cc
void bzmpop(Context& c);
void bzpopmax(Context& c);
void bzpopmin(Context& c);
void zadd(Context& c);
void zcard(Context& c);
void zcount(Context& c);
void zdiff(Context& c);
void zdiffstore(Context& c);
void zincrby(Context& c);
void zinter(Context& c);
void zintercard(Context& c);
void zinterstore(Context& c);
void zlexcount(Context& c);
void zmpop(Context& c);
void zmscore(Context& c);
void zpopmax(Context& c);
void zpopmin(Context& c);
void zrandmember(Context& c);
void zrange(Context& c);
void zrangebylex(Context& c);
void zrangebyscore(Context& c);
void zrangestore(Context& c);
void zrank(Context& c);
void zrem(Context& c);
void zremrangebylex(Context& c);
void zremrangebyrank(Context& c);
void zremrangebyscore(Context& c);
void zrevrange(Context& c);
void zrevrangebylex(Context& c);
void zrevrangebyscore(Context& c);
void zrevrank(Context& c);
void zscan(Context& c);
void zscore(Context& c);
void zunion(Context& c);
void zunionstore(Context& c);

// geo.cc, geo_search.cc
void geoadd(Context& c);
void geodist(Context& c);
void geohash(Context& c);
void geopos(Context& c);
void georadius(Context& c);
void georadius_ro(Context& c);
void georadiusbymember(Context& c);
void georadiusbymember_ro(Context& c);
void geosearch(Context& c);
void geosearchstore(Context& c);
// migrate.cc
void migrate(Context& c);

// persistence.cc
void bgrewriteaof(Context& c);
void bgsave(Context& c);
void lastsave(Context& c);
void module_help(Context& c);
void module_list(Context& c);
void module_load(Context& c);
void module_loadex(Context& c);
void module_unload(Context& c);
void save(Context& c);

// pubsub.cc
void subscribe(Context& c);
void psubscribe(Context& c);
void ssubscribe(Context& c);
void unsubscribe(Context& c);
void punsubscribe(Context& c);
void sunsubscribe(Context& c);
void publish(Context& c);
void spublish(Context& c);
void pubsub_channels(Context& c);
void pubsub_help(Context& c);
void pubsub_numpat(Context& c);
void pubsub_numsub(Context& c);
void pubsub_shardchannels(Context& c);
void pubsub_shardnumsub(Context& c);

}  // namespace guccho::commands::handlers

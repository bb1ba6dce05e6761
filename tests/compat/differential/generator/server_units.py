"""Units about scripts, the connection, channels, users: what needs several requests, or replies that are not one each."""

import hashlib

from . import compare
from .steps import Step, Unit, plain
from .values import key_name

SCRIPTS = [
    b"return KEYS[1]", b"return {KEYS[1], ARGV[1], #ARGV}", b"return 3.99", b"return {1, 2.7, 'x', false, true, nil, 4}",
    b"return {ok = 'fine'}", b"return {err = 'MY bad'}", b"return redis.error_reply('x y')", b"return redis.status_reply('s')",
    b"redis.setresp(3); return {map = {a = 1, b = 'c'}}", b"redis.setresp(3); return {double = 3.25}", b"redis.setresp(3); return true",
    b"return cjson.encode({1, 2, {a = false}})", b"return cjson.decode('[1,{\"a\":[null,2.5]}]')[2].a[2] * 4",
    b"return cmsgpack.unpack(cmsgpack.pack({1, 'two', {3}}))[2]", b"return bit.band(0xff, tonumber(ARGV[1]) or 7)",
    b"return struct.pack('>I2s', 513, 'ab')", b"return redis.sha1hex(ARGV[1])", b"return tostring(1e15 / 7)",
    b"return redis.call('SET', KEYS[1], ARGV[1])", b"return redis.call('GET', KEYS[1])", b"return redis.pcall('LPUSH', KEYS[1], ARGV[1])",
    b"redis.call('DEL', KEYS[1]); return redis.call('RPUSH', KEYS[1], 1, 2, ARGV[1])", b"return redis.call('INCR', KEYS[1])",
    b"return redis.call('nosuch')", b"return redis.call('GET')", b"error('x')", b"return nosuch", b"syntax error here",
    b"redis.setresp(3); return redis.call('HGETALL', KEYS[1])", b"return #redis.call('KEYS', '*') >= 0",
    b"local t = {}; for i = 1, 100 do t[i] = i * i end; return t", b"redis.log(redis.LOG_DEBUG, 'x'); return redis.LOG_NOTICE",
    b"return string.format('%5.2f %s %q', 1.5, 'a', 'b')", b"return table.concat({1, 2, 3}, ',')", b"return math.floor(7 / 2)",
    b"return redis.acl_check_cmd('SET', KEYS[1], 'x')", b"return {redis.REDIS_VERSION_NUM ~= nil}", b"return redis.breakpoint()",
    b"return redis.call('SET', KEYS[1], ARGV[1], 'EX', 100000)", b"return redis.replicate_commands()", b"return '\\0\\r\\n'", b"return ''", b"",
    b"#!lua flags=no-writes\nreturn redis.call('GET', KEYS[1])", b"#!lua flags=no-writes\nreturn redis.call('SET', KEYS[1], 1)",
    b"#!lua flags=nosuch\nreturn 1", b"#!lua\nreturn redis.call('STRLEN', KEYS[1])",
]
READING = [b"return redis.call('GET', KEYS[1])", b"return redis.call('TYPE', KEYS[1])", b"return redis.call('EXISTS', KEYS[1])",
           b"return redis.call('SET', KEYS[1], 1)", b"return {KEYS[1], ARGV[1]}"]

LIBRARY = (b"#!lua name=lib\n"
           b"redis.register_function('get', function(keys, args) return redis.call('GET', keys[1]) end)\n"
           b"redis.register_function{function_name='set', callback=function(keys, args) "
           b"return redis.call('SET', keys[1], args[1]) end, description='writes'}\n"
           b"redis.register_function{function_name='look', callback=function(keys, args) "
           b"return {redis.call('TYPE', keys[1]), args[1]} end, flags={'no-writes'}}\n")


def script_call(g, name, what):
    """The name, the script or function, its keys and arguments."""
    rng, tag = g.rng, g.state.pick_tag(g.rng)
    key = key_name(rng, tag, rng.choice(["str", "num", "hash", "list"]))
    return plain(name, what, 1, key, b"%d" % int(rng.random() * 50))


def evaluate(g):
    name = g.rng.choice(["eval", "eval", "eval_ro", "evalsha", "evalsha_ro"])
    script = g.rng.choice(READING if name.endswith("_ro") else SCRIPTS)
    if name.startswith("evalsha"):
        sha = hashlib.sha1(script).hexdigest()
        steps = [plain("script|load", script), script_call(g, name, sha.upper() if g.rng.random() < 0.1 else sha)]
        if g.rng.random() < 0.4:
            option = g.rng.choice([[], [b"ASYNC"], [b"SYNC"]])
            steps += [plain("script|exists", sha), plain("script|flush", *option, cover=[("script|flush", o.decode()) for o in option]),
                      plain("script|exists", sha), script_call(g, name, sha)]
    else:
        steps = [script_call(g, name, script)]
    for step in steps:
        if b"HGETALL" in script:
            step.compare = compare.unordered_pairs
    return Unit(steps)


def functions(g):
    rng = g.rng
    steps = [plain("function|load", b"REPLACE", LIBRARY, cover=[("function|load", "REPLACE")])]
    for _ in range(1 + int(rng.random() * 4)):
        steps.append(script_call(g, *rng.choice([("fcall", b"get"), ("fcall", b"set"), ("fcall", b"look"), ("fcall_ro", b"look"),
                                                 ("fcall_ro", b"get"), ("fcall", b"nosuch")])))
    chance = rng.random()
    if chance < 0.3:
        steps.append(plain("function|list", b"LIBRARYNAME", rng.choice([b"lib", b"l*", b"no"]), b"WITHCODE", compare=compare.unordered_deep,
                           cover=[("function|list", "LIBRARYNAME"), ("function|list", "WITHCODE")]))
    elif chance < 0.4:
        steps.append(plain("function|load", LIBRARY))
    elif chance < 0.7:
        option = rng.choice([b"FLUSH", b"APPEND", b"REPLACE"])
        steps += [plain("function|dump")]
        if option == b"APPEND":
            steps.append(plain("function|flush"))
        steps.append(plain("function|restore", g.state.functions, option, cover=[("function|restore", option.decode())]))
    if rng.random() < 0.5:
        steps.append(plain("function|delete", rng.choice([b"lib", b"no"])))
    option = rng.choice([[], [b"ASYNC"], [b"SYNC"]])
    steps.append(plain("function|flush", *option, cover=[("function|flush", o.decode()) for o in option]))
    return Unit(steps)


def subscribe(g):
    """A subscriber of RESP2 may do little else; each channel has a reply of its own."""
    prefix = g.rng.choice(["", "p", "s"])
    names = [b"ch1", b"news.x", b"{a}ch"][:1 + int(g.rng.random() * 3)]
    if prefix == "s":
        names = names[:1]  # of one slot
    inside = [plain(f"{prefix}subscribe", *names, replies=len(names))]
    if g.rng.random() < 0.4:
        inside.append(plain("ping"))
    if g.protocol == 3 and g.rng.random() < 0.5:
        inside += [plain("pubsub|channels"), plain("pubsub|numpat"), plain("pubsub|numsub", *names)]
        for step in inside[-3:]:
            step.compare = compare.unordered
    named = g.rng.random() < 0.5
    inside.append(plain(f"{prefix}unsubscribe", *(names if named else []), replies=len(names), compare=compare.any_order_of_channels))
    return Unit(inside)


def hello(g):
    words, cover = [], []
    if g.rng.random() < 0.5:
        words += [b"AUTH", b"default", b"x"]
        cover.append(("hello", "AUTH"))
    if g.rng.random() < 0.5:
        words += [b"SETNAME", b"me"]
        cover.append(("hello", "SETNAME"))
    other = g.rng.choice([2, 3])
    return Unit([plain("hello", other, *words, cover=cover), plain("client|getname"), plain("hgetall", g.key("hash")), plain("hello", g.protocol)])


def reset(g):
    return Unit([plain("client|setname", b"x"), plain("reset"), plain("client|getname"), plain("hello", g.protocol)])


def reply_mode(g):
    chance = g.rng.random()
    if chance < 0.4:
        steps = [plain("client|reply", b"OFF", replies=0, cover=[("client|reply", "OFF")]), plain("ping", replies=0),
                 plain("set", g.key("str"), b"silent", replies=0)]
    elif chance < 0.7:
        steps = [plain("client|reply", b"SKIP", replies=0, cover=[("client|reply", "SKIP")]), plain("ping", replies=0)]
    else:
        steps = []
    return Unit(steps + [plain("client|reply", b"ON", cover=[("client|reply", "ON")])])


def pause(g):
    mode = g.rng.choice([b"WRITE", b"ALL"])
    return Unit([plain("client|pause", 1, mode, cover=[("client|pause", mode.decode())]), plain("get", g.key("str")),
                 plain("set", g.key("str"), b"x"), plain("client|unpause")])


def tracking(g):
    """NOLOOP: what this connection changes itself brings no message."""
    rng = g.rng
    mode = rng.choice([[], [b"OPTIN"], [b"OPTOUT"], [b"BCAST"], [b"BCAST", b"PREFIX", b"x"]])
    words = [b"ON", *mode, b"NOLOOP"]
    cover = [("client|tracking", w.decode()) for w in words if w != b"x"]
    steps = [plain("client|tracking", *words, cover=cover), plain("client|trackinginfo"), plain("client|getredir")]
    if mode and mode[0].startswith(b"OPT"):
        word = b"YES" if mode == [b"OPTIN"] else b"NO"
        steps.append(plain("client|caching", word, cover=[("client|caching", word.decode())]))
    steps += [plain("get", g.key("str")), plain("client|tracking", b"OFF", cover=[("client|tracking", "OFF")])]
    return Unit(steps)


def users(g):
    rules = g.rng.sample([b"on", b"off", b">secret", b"+@all", b"+get", b"~a*", b"allkeys", b"&c*", b"nopass", b"-@all", b"reset", b"nosuch"], 4)
    name = g.rng.choice([b"u1", b"u2"])
    steps = [plain("acl|setuser", name, b"reset", *rules, b"skip-sanitize-payload"), plain("acl|getuser", name, compare=compare.same_kind),
             plain("acl|users"), plain("acl|list"), plain("acl|deluser", name)]
    return Unit(steps)


SERVER_UNITS = [(14, evaluate), (8, functions), (8, subscribe), (2, hello), (2, reset), (4, reply_mode), (2, pause), (6, tracking), (2, users)]

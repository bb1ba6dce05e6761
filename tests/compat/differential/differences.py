"""Where we answer otherwise than redis-server 7.0 on purpose. Each entry must still be a difference, or the test fails."""

# (title of the case, the step as written, why). redis-server is 7.0; we report 7.2 and have its texts.
DELIBERATE = [
    ("CONFIG GET", "CONFIG GET databases", "there is one database, and nothing else is pretended"),
    ("CONFIG SET of numbers", "CONFIG SET cluster-node-timeout 0", "a timeout of 0 would fail every node at once"),
    ("CONFIG SET of memory sizes", 'CONFIG SET maxmemory ""', "an empty value is more likely a mistake than a 0"),
    ("CONFIG SET of booleans and enumerations", "CONFIG SET loglevel unknown", "the levels of 7.2, with 'nothing'"),
    ("CLUSTER views", "CLUSTER HELP", "the list of 7.2, with MYSHARDID"),
    ("AUTH with a password", "2> HELLO 3", "the text of 7.2"),
    ("XSETID", "XSETID s 7", "7.2 knows that a deleted entry had a greater id"),
    ("XSETID", "XSETID s 5-1", "7.2 knows that a deleted entry had a greater id"),
    ("XREAD", "XREAD STREAMS s 0 1", "the text of 7.2"),
    ("XREADGROUP's options and errors", "XREADGROUP GROUP g c STREAMS s s >", "the text of 7.2"),
    ("fields of 7.2", "types XINFO CONSUMERS s g", "7.2 tells for how long a consumer got nothing"),
    ("fields of 7.2", "types XINFO STREAM s FULL", "7.2 tells when a consumer last got something"),
]

"""Where we answer otherwise than redis-server 7.0 on purpose. Each entry must still be a difference, or the test fails."""

# (title of the case, the step as written, why). redis-server is 7.0; we report 7.2 and have its texts.
DELIBERATE = [
    ("CONFIG GET", "CONFIG GET databases", "there is one database, and nothing else is pretended"),
    ("CONFIG SET of numbers", "CONFIG SET cluster-node-timeout 0", "a timeout of 0 would fail every node at once"),
    ("CONFIG SET of memory sizes", 'CONFIG SET maxmemory ""', "an empty value is more likely a mistake than a 0"),
    ("CONFIG SET of booleans and enumerations", "CONFIG SET loglevel unknown", "the levels of 7.2, with 'nothing'"),
    ("CLUSTER views", "CLUSTER HELP", "the list of 7.2, with MYSHARDID"),
    ("Encodings of short lists", "OBJECT ENCODING l", "7.2 has packed lists"),
    ("Encodings of small sets", "OBJECT ENCODING s", "7.2 has packed sets"),
    ("Encodings of small sets", "OBJECT ENCODING i", "7.2 has packed sets"),
    ("Wrong timeouts", "BLPOP k inf", "the text of 7.2"),
    ("Wrong timeouts", "BLPOP k 9223372036854775807", "the text of 7.2"),
    ("Wrong timeouts", "BLPOP k 1e30", "the text of 7.2"),
    ("LPOS", "LPOS l c RANK -9223372036854775808", "7.2 refuses it"),
    ("SORT BY and GET of keys in the same slot", "SORT {l}1 BY {l}w_*", "allowed where all names are in one slot, as later"),
    ("SORT BY and GET of keys in the same slot", "SORT {l}1 GET #", "allowed, as later"),
    ("SORT BY and GET of keys in the same slot", "SORT {l}1 GET {l}v_* GET #", "allowed, as later"),
    ("AUTH with a password", "2> HELLO 3", "the text of 7.2"),
]

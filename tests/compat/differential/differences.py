"""Where we answer otherwise than redis-server 7.0 on purpose. Each entry must still be a difference, or the test fails."""

# (title of the case, the step as written, why). redis-server is 7.0; we report 7.2 and have its texts.
DELIBERATE = [
    ("CONFIG GET", "CONFIG GET databases", "there is one database, and nothing else is pretended"),
    ("CONFIG SET of numbers", "CONFIG SET cluster-node-timeout 0", "a timeout of 0 would fail every node at once"),
    ("CONFIG SET of memory sizes", 'CONFIG SET maxmemory ""', "an empty value is more likely a mistake than a 0"),
    ("CONFIG SET of booleans and enumerations", "CONFIG SET loglevel unknown", "the levels of 7.2, with 'nothing'"),
    ("CLUSTER views", "CLUSTER HELP", "the list of 7.2, with MYSHARDID"),
    ("AUTH with a password", "2> HELLO 3", "the text of 7.2"),
    ("RESTORE that is refused",
     'RESTORE b1 0 "\\x00\\x05\\x68\\x65\\x6c\\x6c\\x0a\\x00\\x65\\x04\\x75\\x97\\x72\\xaa\\xf5\\x95"',
     "a value that ends within the version and checksum; redis-server takes a byte of those for its own"),
    ("RESTORE that is refused",
     'RESTORE b9 0 "\\x04\\x02\\x01\\x61\\x01\\x62\\x01\\x61\\x01\\x63\\x0a\\x00\\xfa\\xe3\\x15\\xaa\\x27\\x16\\xa2\\x2d"',
     "a hash with a field twice is damaged"),
    ("ACL views of a fresh server", "ACL LIST", "sanitize-payload is shown, as in 7.2"),
    ("ACL DRYRUN", "ACL DRYRUN u get b", "the text of 7.2, which names the user"),
    ("ACL DRYRUN", "ACL DRYRUN u incr a", "the text of 7.2, which names the user"),
    ("ACL DRYRUN", "ACL DRYRUN u mset a v b v2", "the text of 7.2, which names the user"),
]

"""The dependency rule and the purity rule as data. A folder's CMake link line says what it does use; this says what it may."""

# Folder -> the folders that it may include and link, besides itself.
ALLOWED = {
    "node/base": [],
    "node/slots": ["node/base"],
    "node/resp": ["node/base"],
    "node/store": ["node/base", "node/slots"],
    "node/bus": ["node/base", "node/slots"],
    "node/cluster": ["node/base", "node/slots", "node/bus"],
    "node/routing": ["node/base", "node/slots", "node/cluster"],
    "node/config": ["node/base"],
    "node/acl": ["node/base", "node/config"],
    "node/metrics": ["node/base"],
    "node/rdb": ["node/base", "node/slots", "node/store"],
    "node/scripting": ["node/base", "node/resp", "node/config"],
    "node/commands": ["node/base", "node/slots", "node/resp", "node/store", "node/cluster", "node/routing", "node/config",
                      "node/acl", "node/metrics", "node/rdb", "node/scripting"],
    "node/runtime": ["node/base", "node/slots", "node/resp", "node/store", "node/bus", "node/cluster", "node/routing",
                     "node/config", "node/acl", "node/metrics", "node/rdb", "node/scripting", "node/commands"],
    "node/admin": ["node/base", "node/slots", "node/cluster", "node/config", "node/metrics"],
    "node/supervise": ["node/base"],
    "node/app": ["node"],
    "operator/model": ["node/base", "node/slots"],
    "operator/plan": ["node/base", "node/slots", "operator/model", "operator/backend"],
    "operator/engine": ["node/base", "node/slots", "operator/model", "operator/plan", "operator/backend"],
    "operator/backend": ["node/base", "node/slots", "operator/model"],
    "operator/backend/local": ["node/base", "node/slots", "node/config", "node/supervise", "operator/model",
                               "operator/backend"],
    "operator/app": ["node/base", "node/slots", "node/supervise", "operator"],
}

# Folders that compute only: time is passed in, effects are returned. They may link each other, and nothing else of ours
# but node/base, whose log and random sources they may not include.
PURE = ["node/slots", "node/resp", "node/store", "node/bus", "node/cluster", "node/routing", "node/config",
        "node/acl", "operator/model", "operator/plan"]

# Headers of node/base that are not for pure folders.
IMPURE_BASE_HEADERS = ["node/base/log.h"]

# Libraries that only compute.
PURE_LIBRARIES = ("fmt/", "openssl/crypto.h", "openssl/sha.h", "nlohmann/", "yaml-cpp/", "re2/", "xxhash.h")

# Standard headers that a pure folder does not include. Every other header that is not of the C++ standard library is
# refused; <cstdio> is allowed for snprintf, and what it has for files is among the words below.
IMPURE_HEADERS = {
    "thread", "mutex", "shared_mutex", "condition_variable", "future", "stop_token", "latch", "barrier", "semaphore",
    "atomic", "fstream", "iostream", "filesystem", "csignal", "ctime", "cerrno", "random",
}

# Words that name a clock, a thread, a socket, a file or a global state, looked for outside comments and strings.
IMPURE_WORDS = [
    r"system_clock", r"steady_clock", r"high_resolution_clock", r"clock_gettime", r"gettimeofday", r"::time\s*\(",
    r"std::time\b", r"\bstd::(?:j?thread|mutex|atomic\w*|async|condition_variable\w*|fstream|ifstream|ofstream|cout|cerr)\b",
    r"\bthread_local\b", r"\bpthread_\w+", r"\bsleep_(?:for|until)\b", r"\bu?sleep\s*\(",
    r"\b(?:socket|bind|accept4?|recv|send|recvmsg|sendmsg|poll|epoll_\w+|getaddrinfo)\s*\(",
    r"\bf(?:open|write|read|close|sync)\s*\(", r"(?<!\w)::(?:open|read|write|close|unlink|rename)\s*\(", r"\bgetenv\s*\(",
    r"\brandom_device\b", r"\bs?rand\s*\(", r"\bspdlog\b",
]

# Third-party headers -> the only folders that may include them: each costs seconds to compile or ties us to a library.
CONFINED = {
    "grpcpp/": ["node/admin", "operator/backend/nodes"],
    "grpc/": ["node/admin", "operator/backend/nodes"],
    "google/protobuf/": ["node/admin", "operator/backend/nodes"],
    "prometheus/": ["node/metrics"],
    "CivetServer.h": ["node/metrics"],
    "spdlog/": ["node/base"],
    "openssl/": ["node/acl", "node/runtime", "node/scripting"],
    "lua5.1/": ["node/scripting"],
    "yaml-cpp/": ["operator/model"],
}

# Types of the runtime stay in it: only main() may name them.
RUNTIME_USERS = ["node/runtime", "node/app"]

# Words that mark unfinished work, and paths and hosts that exist on one machine only. Written in two parts, so that this
# file does not contain what it forbids.
UNFINISHED = ["TO" "DO", "FIX" "ME", "XX" "X:"]
MACHINE_PATHS = [r"/wor" r"k/\w", r"/far" r"m/\w", r"\.\./sha" r"red\b", r"\.libr" r"ary/", r"/roo" r"t/\w", r"/hom" r"e/\w",
                 r"proxy\.gol" r"ang\.org", r"registry\.npm" r"js\.org", r"deb\.deb" r"ian\.org", r"files\.python" r"hosted\.org"]

# Files that must say in their first line what they are for.
SLASH_COMMENTS = (".cc", ".h", ".proto", ".go", ".mjs", ".js")
SOURCE_SUFFIXES = SLASH_COMMENTS + (".py", ".sh", ".cmake")
SOURCE_NAMES = ("dev", ".ci/run", "Dockerfile", "CMakeLists.txt", "node/CMakeLists.txt", "operator/CMakeLists.txt",
                "tests/CMakeLists.txt")

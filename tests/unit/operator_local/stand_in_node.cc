// Stands in for guccho-node where only processes matter: `--supervise DIR` is the real supervisor; otherwise it
// listens on its --port, as a node would, and ends at SIGTERM. Exit 1 when the port cannot be had.
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "node/supervise/supervisor.h"

namespace {

int port_of(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string(argv[i]) == "--port") return std::atoi(argv[i + 1]);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--supervise") {
    char self[4096] = {};
    if (::readlink("/proc/self/exe", self, sizeof self - 1) < 0) return 3;
    const auto done = guccho::supervise::supervise({argv[2], self});
    if (!done) std::fprintf(stderr, "%s\n", done.error().text.c_str());
    return done ? 0 : 3;
  }
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port_of(argc, argv)));
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, 1) != 0) {
    std::perror("bind");
    return 1;
  }
  ::signal(SIGTERM, [](int) { ::_exit(0); });
  for (;;) ::pause();
}

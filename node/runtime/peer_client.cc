// One exchange of a dialogue.
#include "node/runtime/peer_client.h"

#include "node/resp/writer.h"
#include "node/runtime/clock.h"
#include "node/runtime/dialogue.h"

namespace guccho::runtime {

Result<std::string> ask_peer(const Peer& peer, const std::vector<std::string_view>& request) {
  const Wakeup never;
  Dialogue there(never);
  there.end_at(monotonic_now() + peer.timeout);
  if (!there.open(peer.ip, peer.port, peer.tls.get(), peer.timeout)) return fail(there.reason());
  resp::Buffer out;
  if (!peer.password.empty()) {
    std::vector<std::string_view> auth = {"AUTH"};
    if (!peer.user.empty()) auth.push_back(peer.user);
    auth.push_back(peer.password);
    resp::append_request(out, auth);
  }
  resp::append_request(out, request);
  std::string line;
  if (!there.write(out.view())) return fail(there.reason());
  if (!peer.password.empty()) {
    if (!there.read_line(line)) return fail(there.reason());
    if (line.starts_with('-')) return line;
  }
  if (!there.read_line(line)) return fail(there.reason());
  return line;
}

}  // namespace guccho::runtime

// Files of the state directory.
#include "operator/backend/local/state_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>

#include "node/supervise/lines.h"
#include "operator/backend/local/node_config.h"
#include "operator/model/parse.h"
#include "operator/model/print.h"

namespace guccho::ops::local {

using supervise::Presence;
using supervise::read_file;
using supervise::read_file_if_there;
using supervise::write_atomically;
namespace fs = std::filesystem;

namespace {

constexpr uintmax_t kEventsLimit = 1u << 20;
// Beside nodes/. In the order of their deletion: while the resource is there, the directory is a cluster's.
constexpr std::array<std::string_view, 10> kFiles = {"node-program",  "roles",        "events.log", "events.log.1",
                                                     "status.json",   "term",         "down",       "resource.lock",
                                                     "resource.json", "operator.lock"};
// "nodes/999-15/data/"
constexpr size_t kLongestPlace = 18;

std::optional<InstanceId> parse_instance(std::string_view text) {
  const size_t dash = text.find('-');
  InstanceId id;
  if (dash == text.npos || !supervise::read_number(text.substr(0, dash), id.shard) ||
      !supervise::read_number(text.substr(dash + 1), id.ordinal) || id.shard < 0 || id.ordinal < 0) {
    return std::nullopt;
  }
  return id;
}

// At most 200 characters of the last line that is not empty.
std::string last_line(const std::string& path) {
  auto text = read_file(path);
  if (!text) return {};
  while (!text->empty() && text->back() == '\n') text->pop_back();
  return text->substr(text->find_last_of('\n') + 1).substr(0, 200);
}

// write_atomically() may have left its draft.
bool is_ours(std::string_view name) {
  if (name.ends_with(".new")) name.remove_suffix(4);
  return name == "nodes" || std::ranges::find(kFiles, name) != kFiles.end();
}

// A directory that a cluster has, or that one may have: none, an empty one, or one that was begun.
Status check_use(const StateDir& state) {
  std::error_code error;
  if (state.exists() || !fs::exists(state.path(), error)) return {};
  for (fs::directory_iterator it(state.path(), error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (is_ours(name)) continue;
    return fail(fmt::format("{} holds {}, which is not a cluster's: choose an empty directory with --state",
                            state.path(), name));
  }
  if (error) return fail(fmt::format("{}: {}", state.path(), error.message()));
  return {};
}

}  // namespace

Result<StateDir> StateDir::create(const std::string& path) {
  const size_t socket_path = path.size() + 1 + kLongestPlace + kAdminSocket.size();
  constexpr size_t kLimit = sizeof(sockaddr_un::sun_path) - 1;
  if (socket_path > kLimit) {
    return fail(
        fmt::format("state directory {}: {} characters too long for the nodes' sockets: choose one with --state", path,
                    socket_path - kLimit));
  }
  if (path.find('\n') != path.npos) return fail("state directory: its path must not hold a newline");
  if (auto usable = check_use(StateDir(path)); !usable) return std::unexpected(usable.error());
  if (auto made = supervise::make_directories(path + "/nodes"); !made) return std::unexpected(made.error());
  return StateDir(path);
}

bool StateDir::exists() const {
  std::error_code error;
  return fs::exists(path_ + "/resource.json", error);
}

std::string StateDir::place_path(InstanceId id) const {
  return fmt::format("{}/nodes/{}", path_, id.str());
}
std::string StateDir::data_path(InstanceId id) const {
  return place_path(id) + "/data";
}
std::string StateDir::node_config_path(InstanceId id) const {
  return place_path(id) + "/node.conf";
}

Result<std::vector<InstanceId>> StateDir::places() const {
  std::vector<InstanceId> out;
  std::error_code error;
  for (fs::directory_iterator it(path_ + "/nodes", error), end; !error && it != end; it.increment(error)) {
    const auto id = parse_instance(it->path().filename().string());
    if (!id) continue;
    // A place whose file is not yet written is none: making it was interrupted, and is begun anew. One that cannot be
    // looked at may be there.
    const bool there = fs::exists(it->path() / "place", error);
    if (error) break;
    if (there) out.push_back(*id);
  }
  if (error) return fail(fmt::format("{}/nodes: {}", path_, error.message()));
  std::ranges::sort(out);
  return out;
}

Result<PlaceFacts> StateDir::facts(InstanceId id) const {
  const std::string directory = place_path(id);
  PlaceFacts out;
  out.id = id;
  const auto place_text = read_file(directory + "/place");
  if (!place_text) return std::unexpected(place_text.error());
  auto place = parse_place(*place_text);
  if (!place) return fail(fmt::format("{}/place: {}", directory, place.error().text));
  out.place = std::move(*place);

  const auto desired_text = read_file_if_there(fmt::format("{}/{}", directory, supervise::kDesiredFile));
  if (!desired_text) return std::unexpected(desired_text.error());
  if (*desired_text) {
    auto desired = supervise::parse_desired(**desired_text);
    if (!desired) return fail(fmt::format("{}: {}", directory, desired.error().text));
    out.desired = std::move(*desired);
  }
  const auto record_text = read_file_if_there(fmt::format("{}/{}", directory, supervise::kRecordFile));
  if (!record_text) return std::unexpected(record_text.error());
  if (*record_text) {
    auto record = supervise::parse_record(**record_text);
    if (!record) return fail(fmt::format("{}: {}", directory, record.error().text));
    out.record = std::move(*record);
    out.supervisor = supervise::presence_of(out.record->supervisor);
    if (out.record->process) out.process = supervise::presence_of(*out.record->process);
    if (out.process == Presence::kGone && out.record->failures > 1) {
      out.last_words = last_line(fmt::format("{}/{}", directory, supervise::kNodeLogFile));
    }
  }
  return out;
}

Status StateDir::write_place(InstanceId id, const Place& place) const {
  if (auto made = supervise::make_directories(place_path(id)); !made) return made;
  return write_atomically(place_path(id) + "/place", to_text(place));
}

Status StateDir::write_desired(InstanceId id, const supervise::Desired& desired) const {
  return write_atomically(fmt::format("{}/{}", place_path(id), supervise::kDesiredFile), supervise::to_text(desired));
}

Status StateDir::write_node_config(InstanceId id, const std::string& text) const {
  return write_atomically(node_config_path(id), text, 0600);  // may hold the password
}

Status StateDir::delete_place(InstanceId id) const {
  // `place` goes last, so that an interrupted deletion is still a place whose storage is to be released; `desired`
  // first, so that it is one that is made anew if it is wanted again.
  std::error_code error;
  fs::remove(fmt::format("{}/{}", place_path(id), supervise::kDesiredFile), error);
  if (!error) fs::remove_all(data_path(id), error);
  if (error) return fail(fmt::format("{}: {}", place_path(id), error.message()));
  for (fs::directory_iterator it(place_path(id), error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename() != "place") fs::remove_all(it->path(), error);
  }
  if (!error) fs::remove_all(place_path(id), error);
  if (error) return fail(fmt::format("{}: {}", place_path(id), error.message()));
  return {};
}

// What a leader leaves that dies at the very beginning of making a place, or at the very end of deleting one: an empty
// directory, perhaps with the draft of its file. For a leader only, who alone makes places.
Status StateDir::delete_traces() const {
  std::error_code error;
  for (fs::directory_iterator it(path_ + "/nodes", error), end; !error && it != end; it.increment(error)) {
    if (!parse_instance(it->path().filename().string()) || !it->is_directory(error)) continue;
    const auto is_more = [](const fs::directory_entry& e) { return e.path().filename() != "place.new"; };
    fs::directory_iterator inside(it->path(), error);
    if (error || std::ranges::any_of(inside, is_more)) continue;
    fs::remove_all(it->path(), error);
  }
  if (error) return fail(fmt::format("{}/nodes: {}", path_, error.message()));
  return {};
}

Result<std::optional<RedisCluster>> StateDir::resource() const {
  const auto text = read_file_if_there(path_ + "/resource.json");
  if (!text) return std::unexpected(text.error());
  if (!*text) return std::nullopt;
  auto cluster = parse_resource(**text);
  if (!cluster) return fail(fmt::format("{}/resource.json: {}", path_, cluster.error().text));
  const auto status_text = read_file_if_there(path_ + "/status.json");
  if (!status_text) return std::unexpected(status_text.error());
  if (*status_text) {
    auto status = status_from_json(**status_text);
    if (!status) return fail(fmt::format("{}/status.json: {}", path_, status.error().text));
    cluster->status = std::move(*status);
  }
  return std::optional(std::move(*cluster));
}

Status StateDir::edit_resource(const std::function<Result<RedisCluster>(std::optional<RedisCluster>)>& change) const {
  const supervise::Fd lock(::open((path_ + "/resource.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  // Waits: every holder only reads and writes one small file.
  if (lock.get() < 0 || ::flock(lock.get(), LOCK_EX) != 0) return fail(path_ + "/resource.lock: cannot be locked");
  auto present = resource();
  if (!present) return std::unexpected(present.error());
  auto changed = change(std::move(*present));
  if (!changed) return std::unexpected(changed.error());
  changed->status = {};
  return write_atomically(path_ + "/resource.json", to_json(*changed));
}

Status StateDir::write_status(const RedisClusterStatus& status) const {
  return write_atomically(path_ + "/status.json", status_to_json(status));
}

Status StateDir::write_roles(const std::map<InstanceId, Role>& roles) const {
  std::string text;
  for (const auto& [id, role] : roles) text += fmt::format("{} {}\n", id.str(), to_string(role));
  const auto present = read_file(path_ + "/roles");
  if (present && *present == text) return {};
  return write_atomically(path_ + "/roles", text);
}

std::map<InstanceId, Role> StateDir::roles() const {
  std::map<InstanceId, Role> out;
  std::istringstream lines(read_file(path_ + "/roles").value_or(""));
  for (std::string place, role; lines >> place >> role;) {
    if (const auto id = parse_instance(place)) out[*id] = role == "replica" ? Role::kReplica : Role::kPrimary;
  }
  return out;
}

void StateDir::append_event(const Event& event) const {
  const std::string path = path_ + "/events.log";
  std::error_code error;
  if (fs::file_size(path, error) > kEventsLimit && !error) fs::rename(path, path + ".1", error);
  const supervise::Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (fd.get() < 0) return;
  const std::string line =
      fmt::format("{} {} {}: {}\n", time_text(event.at),
                  event.severity == Event::Severity::kWarning ? "Warning" : "Normal", event.reason, event.message);
  const ssize_t written = ::write(fd.get(), line.data(), line.size());
  (void)written;  // events are for people; a full disk is reported by what matters
}

Status StateDir::ask_down() const {
  return write_atomically(path_ + "/down", "");
}
bool StateDir::down_asked() const {
  std::error_code error;
  return fs::exists(path_ + "/down", error);
}
Status StateDir::take_down_back() const {
  std::error_code error;
  fs::remove(path_ + "/down", error);
  if (error) return fail(fmt::format("{}/down: {}", path_, error.message()));
  return {};
}

std::string StateDir::node_program() const {
  return read_file(path_ + "/node-program").value_or("");
}

Status StateDir::write_node_program(const std::string& program) const {
  if (node_program() == program) return {};
  return write_atomically(path_ + "/node-program", program);
}

Result<bool> StateDir::purge() const {
  std::error_code error;
  const auto failed = [&](const std::string& path) { return fail(fmt::format("{}: {}", path, error.message())); };
  const auto remove_if_empty = [&](const std::string& path) {
    return !fs::exists(path, error) || (!error && fs::is_empty(path, error) && !error && fs::remove(path, error));
  };
  const std::string nodes = path_ + "/nodes";
  std::vector<std::string> places;
  for (fs::directory_iterator it(nodes, error), end; !error && it != end; it.increment(error)) {
    if (parse_instance(it->path().filename().string())) places.push_back(it->path().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) return failed(nodes);
  for (const std::string& place : places) {
    fs::remove_all(place, error);
    if (error) return failed(place);
  }
  const bool nodes_gone = remove_if_empty(nodes);
  if (error) return failed(nodes);
  for (const std::string_view name : kFiles) {
    for (const std::string_view suffix : {".new", ""}) {
      const std::string path = fmt::format("{}/{}{}", path_, name, suffix);
      fs::remove(path, error);
      if (error) return failed(path);
    }
  }
  const bool gone = nodes_gone && remove_if_empty(path_);
  if (error) return failed(path_);
  return gone;
}

Result<StateDir::Leader> StateDir::lead() const {
  auto lock = supervise::DirectoryLock::take(path_, "operator.lock");
  if (!lock) return std::unexpected(lock.error());
  const auto text = read_file_if_there(path_ + "/term");
  if (!text) return std::unexpected(text.error());
  uint64_t term = 0;
  if (*text && (!(*text)->ends_with('\n') || !supervise::read_number((*text)->substr(0, (*text)->size() - 1), term))) {
    return fail(fmt::format("{}/term: '{}' is no number", path_, **text));
  }
  ++term;
  if (auto written = write_atomically(path_ + "/term", fmt::format("{}\n", term)); !written) {
    return std::unexpected(written.error());
  }
  if (auto tidied = delete_traces(); !tidied) return std::unexpected(tidied.error());
  return Leader{std::move(*lock), FencingTerm{term}};
}

}  // namespace guccho::ops::local

// What the commands share.
#include "operator/app/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "node/supervise/files.h"
#include "operator/model/parse.h"

namespace guccho::ops::app {

int run(const Print& command) {
  std::fputs(command.text.c_str(), command.exit_status == 0 ? stdout : stderr);
  return command.exit_status;
}

int complain(const std::string& text, int exit_status) {
  std::fputs(fmt::format("guccho: {}\n", text).c_str(), stderr);
  return exit_status;
}

Result<RedisCluster> resource_of_file(const std::string& file) {
  auto text = supervise::read_file(file);
  if (!text) return std::unexpected(text.error());
  auto cluster = parse_resource(*text);
  if (!cluster) return fail(fmt::format("{}: {}", file, cluster.error().text));
  return cluster;
}

Result<std::string> find_node_program(const std::string& given) {
  std::error_code error;
  std::string path = given;
  if (path.empty()) path = std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "guccho-node";
  path = std::filesystem::absolute(path, error);
  if (::access(path.c_str(), X_OK) != 0) {
    return fail(fmt::format("{}: no program to run nodes with: give --node-program FILE", path));
  }
  return path;
}

}  // namespace guccho::ops::app

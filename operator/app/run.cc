// What the commands share.
#include "operator/app/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "node/supervise/files.h"
#include "operator/backend/local/admission.h"
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

Result<RedisCluster> local_resource_of_file(const std::string& file) {
  auto text = supervise::read_file(file);
  if (!text) return std::unexpected(text.error());
  auto cluster = parse_resource(*text);
  if (!cluster) return fail(fmt::format("{}: {}", file, cluster.error().text));
  auto& password_file = cluster->spec.auth.password_file;
  if (!password_file.empty()) {
    std::error_code error;
    const auto base = std::filesystem::absolute(file, error).parent_path();
    password_file = (base / password_file).lexically_normal().string();
  }
  if (auto ok = local::admissible(cluster->spec); !ok) return fail(fmt::format("{}: {}", file, ok.error().text));
  return cluster;
}

Result<std::string> find_node_program(const std::string& given, const std::string& former) {
  std::error_code error;
  std::string path = given;
  if (path.empty()) path = std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "guccho-node";
  path = std::filesystem::absolute(path, error);
  if (::access(path.c_str(), X_OK) == 0) return path;
  if (given.empty() && !former.empty() && ::access(former.c_str(), X_OK) == 0) return former;
  return fail(fmt::format("{}: no program to run nodes with: give --node-program FILE", path));
}

}  // namespace guccho::ops::app

// The function libraries of the node: what FUNCTION LOAD and its kin change, in the exclusive section, and what every
// worker reads. A state of it is immutable; a change makes the next one.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/scripting/shebang.h"

namespace guccho::scripting {

struct FunctionInfo {
  std::string name;
  std::optional<std::string> description;
  uint32_t flags = 0;
};

struct Library {
  std::string name;
  std::string code;  // as it was loaded, with its first line
  size_t code_at = 0;
  std::vector<FunctionInfo> functions;
  // One of them was seen to touch keys of several workers.
  std::shared_ptr<std::atomic<bool>> reaches_far = std::make_shared<std::atomic<bool>>(false);
};
using LibraryPtr = std::shared_ptr<const Library>;

struct Libraries {
  std::map<std::string, LibraryPtr, std::less<>> by_name;
  struct Place {
    LibraryPtr library;
    size_t index = 0;
    const FunctionInfo& info() const { return library->functions[index]; }
  };
  std::map<std::string, Place, std::less<>> functions;
};
using LibrariesPtr = std::shared_ptr<const Libraries>;

class Catalog {
 public:
  Catalog();
  ~Catalog();

  // Any thread.
  LibrariesPtr current() const;
  // Changes with each change.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }

  // One at a time: in the exclusive section. Errors are complete but for the code, and nothing has changed then.
  enum class OnCollision : uint8_t { kRefuse, kReplace };
  Result<std::string> load(std::string_view code, OnCollision policy);  // the library's name
  // All of these or none; `flush`: instead of what is there.
  Status restore(std::span<const std::string> codes, OnCollision policy, bool flush);
  bool remove(std::string_view name);
  void flush();
  // The memory of the interpreter that libraries are tried in.
  size_t memory() const;

 private:
  void publish(Libraries next);

  class Trial;
  std::unique_ptr<Trial> trial_;  // made for the first library
  mutable std::mutex mutex_;
  LibrariesPtr current_;
  std::atomic<uint64_t> version_{0};
};

}  // namespace guccho::scripting

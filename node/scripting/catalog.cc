// Changing the libraries.
#include "node/scripting/catalog.h"

#include "node/scripting/function_engine.h"

namespace guccho::scripting {

// Libraries are tried in an interpreter of the catalog's own: what they register is what they are.
class Catalog::Trial {
 public:
  Result<Library> run(std::string_view code) {
    Result<FunctionEngine::Loaded> loaded = engine_.load(code);
    if (!loaded) return fail(loaded.error().text);
    for (const int reference : loaded->references) engine_.release(reference);
    return std::move(loaded->library);
  }
  size_t memory() const { return engine_.memory(); }

 private:
  FunctionEngine engine_;
};

namespace {

// Takes the library and its functions out.
void take_out(Libraries& from, std::string_view name) {
  const auto it = from.by_name.find(name);
  if (it == from.by_name.end()) return;
  for (const FunctionInfo& f : it->second->functions) from.functions.erase(f.name);
  from.by_name.erase(it);
}

// Puts it in, unless one of its functions is another library's.
Status put_in(Libraries& into, LibraryPtr library) {
  for (const FunctionInfo& f : library->functions) {
    if (into.functions.contains(f.name)) return fail("Function " + f.name + " already exists");
  }
  for (size_t i = 0; i < library->functions.size(); ++i) into.functions[library->functions[i].name] = {library, i};
  into.by_name[library->name] = library;
  return {};
}

}  // namespace

Catalog::Catalog() : current_(std::make_shared<const Libraries>()) {}
Catalog::~Catalog() = default;

LibrariesPtr Catalog::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void Catalog::publish(Libraries next) {
  const std::lock_guard lock(mutex_);
  current_ = std::make_shared<const Libraries>(std::move(next));
  version_.fetch_add(1, std::memory_order_acq_rel);
}

Result<std::string> Catalog::load(std::string_view code, OnCollision policy) {
  Result<LibraryHead> head = parse_library_head(code);
  if (!head) return fail(head.error().text);
  Libraries next = *current();
  if (policy == OnCollision::kRefuse && next.by_name.contains(head->name)) {
    return fail("Library '" + head->name + "' already exists");
  }
  if (!trial_) trial_ = std::make_unique<Trial>();
  Result<Library> library = trial_->run(code);
  if (!library) return fail(library.error().text);
  take_out(next, head->name);
  if (Status s = put_in(next, std::make_shared<const Library>(std::move(*library))); !s) return fail(s.error().text);
  publish(std::move(next));
  return head->name;
}

Status Catalog::restore(std::span<const std::string> codes, OnCollision policy, bool flush) {
  Libraries next = flush ? Libraries() : *current();
  Libraries fresh;
  if (!trial_) trial_ = std::make_unique<Trial>();
  for (const std::string& code : codes) {
    Result<Library> library = trial_->run(code);
    if (!library) return fail(library.error().text);
    if (fresh.by_name.contains(library->name)) return fail("Library " + library->name + " already exists");
    if (Status s = put_in(fresh, std::make_shared<const Library>(std::move(*library))); !s) return s;
  }
  for (const auto& [name, library] : fresh.by_name) {
    if (!next.by_name.contains(name)) continue;
    if (policy == OnCollision::kRefuse) return fail("Library " + name + " already exists");
    take_out(next, name);
  }
  for (const auto& [name, library] : fresh.by_name) {
    if (Status s = put_in(next, library); !s) return s;
  }
  publish(std::move(next));
  return {};
}

bool Catalog::remove(std::string_view name) {
  Libraries next = *current();
  if (!next.by_name.contains(name)) return false;
  take_out(next, name);
  publish(std::move(next));
  return true;
}

void Catalog::flush() {
  publish({});
  trial_.reset();
}

size_t Catalog::memory() const {
  return trial_ ? trial_->memory() : 0;
}

}  // namespace guccho::scripting

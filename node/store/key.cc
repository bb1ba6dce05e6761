// The hash of keys: XXH3, inlined from its header.
#include "node/store/key.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace guccho::store {

uint64_t hash_bytes(std::string_view bytes) noexcept {
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace guccho::store

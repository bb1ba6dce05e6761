// The hash of keys: XXH3, inlined from its header.
#include "node/store/key.h"

#include <array>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace guccho::store {

namespace {

// Short texts are mixed with the seed itself, long ones with a secret made of it.
struct Seed {
  explicit Seed(uint64_t value) : number(value) { XXH3_generateSecret_fromSeed(secret.data(), value); }
  uint64_t number;
  alignas(64) std::array<unsigned char, XXH3_SECRET_DEFAULT_SIZE> secret;
};

Seed hash_seed(0);

}  // namespace

uint64_t hash_bytes(std::string_view bytes) noexcept {
  return XXH3_64bits_withSecretandSeed(bytes.data(), bytes.size(), hash_seed.secret.data(), hash_seed.secret.size(),
                                       hash_seed.number);
}

void set_hash_seed(uint64_t seed) noexcept {
  hash_seed = Seed(seed);
}

}  // namespace guccho::store

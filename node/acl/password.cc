// SHA-256 by OpenSSL.
#include "node/acl/password.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

namespace guccho::acl {

std::string hash_password(std::string_view password) {
  constexpr char kDigits[] = "0123456789abcdef";
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(password.data()), password.size(), digest);
  std::string out;
  out.reserve(2 * sizeof digest);
  for (const unsigned char byte : digest) {
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 0xf]);
  }
  return out;
}

bool is_password_hash(std::string_view text) {
  return text.size() == size_t{2} * SHA256_DIGEST_LENGTH &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool same_hash(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace guccho::acl

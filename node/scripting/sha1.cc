// OpenSSL's SHA-1. The algorithm is fetched once: that is most of the time for a short text.
#include "node/scripting/sha1.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

namespace guccho::scripting {

Sha1 sha1_hex(std::string_view bytes) {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                                     &EVP_MD_CTX_free);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  const bool done = EVP_DigestInit_ex(context.get(), algorithm, nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), digest, &length) == 1 && length == 20;
  if (!done) std::abort();  // a library without SHA-1: nothing that uses names of scripts could go on
  Sha1 hex;
  for (size_t i = 0; i < 20; ++i) {
    hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
  return hex;
}

}  // namespace guccho::scripting

// Passwords are kept and compared as SHA-256 in hexadecimal, as in ACL files.
#pragma once

#include <string>
#include <string_view>

namespace guccho::acl {

// 64 characters, lower case.
std::string hash_password(std::string_view password);
// Whether this is what hash_password() could have returned.
bool is_password_hash(std::string_view text);
// Compares all bytes whatever they are, so that timing tells nothing about how many were right. Both are hashes.
bool same_hash(std::string_view a, std::string_view b);

}  // namespace guccho::acl

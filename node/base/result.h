// Result<T>: the one error type of the project. A function that can fail returns it; exceptions stop at third-party
// borders. The text names what was wrong and where, since it is shown to people as it is.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace guccho {

struct Error {
  std::string text;
  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

using Status = Result<void>;

// return fail("appendonly: want yes or no, got 'maybe'");
[[nodiscard]] inline std::unexpected<Error> fail(std::string text) {
  return std::unexpected<Error>(Error{std::move(text)});
}

}  // namespace guccho

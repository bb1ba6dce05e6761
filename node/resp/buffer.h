// A growable byte buffer for replies and reads: appends without zeroing, consumes from the front without copying.
#pragma once

#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace guccho::resp {

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& o) noexcept { swap(o); }
  Buffer& operator=(Buffer&& o) noexcept {
    swap(o);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { std::free(data_); }

  const char* data() const { return data_ + begin_; }
  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  size_t capacity() const { return capacity_; }
  std::string_view view() const { return {data(), size()}; }

  // Room for `n` more bytes; write there, then commit them.
  char* reserve(size_t n) {
    if (capacity_ - end_ < n) grow(n);
    return data_ + end_;
  }
  size_t spare() const { return capacity_ - end_; }
  void commit(size_t n) { end_ += n; }

  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
    end_ += bytes.size();
  }
  void push_back(char c) {
    *reserve(1) = c;
    ++end_;
  }
  // Makes room for n bytes at offset `at`, for a header whose content is known only after what follows it.
  char* open_gap(size_t at, size_t n) {
    reserve(n);
    char* p = data_ + begin_ + at;
    std::memmove(p + n, p, size() - at);
    end_ += n;
    return p;
  }
  // Forgets the first n bytes.
  void consume(size_t n) {
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Forgets all bytes after the first n.
  void truncate(size_t n) { end_ = begin_ + n; }
  void clear() { begin_ = end_ = 0; }
  // Gives memory above `limit` back when empty, so that one large request does not pin it.
  void shrink(size_t limit) {
    if (!empty() || capacity_ <= limit) return;
    std::free(data_);
    data_ = nullptr;
    capacity_ = begin_ = end_ = 0;
  }
  void swap(Buffer& o) noexcept {
    std::swap(data_, o.data_);
    std::swap(begin_, o.begin_);
    std::swap(end_, o.end_);
    std::swap(capacity_, o.capacity_);
  }

 private:
  void grow(size_t n) {
    const size_t used = size();
    if (begin_ > 0 && begin_ >= used && capacity_ - used >= n) {
      std::memmove(data_, data_ + begin_, used);
    } else {
      size_t want = capacity_ < 1024 ? 1024 : capacity_ * 2;
      while (want - used < n) want *= 2;
      char* fresh = static_cast<char*>(std::malloc(want));
      if (fresh == nullptr) throw std::bad_alloc();
      if (used > 0) std::memcpy(fresh, data_ + begin_, used);
      std::free(data_);
      data_ = fresh;
      capacity_ = want;
    }
    begin_ = 0;
    end_ = used;
  }

  char* data_ = nullptr;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t capacity_ = 0;
};

}  // namespace guccho::resp

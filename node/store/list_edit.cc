// Changes of the elements of a big list.
#include <algorithm>
#include <vector>

#include "node/store/list_blocks.h"
#include "node/store/listpack.h"

namespace guccho::store {

namespace {

bool full(const ListBlock& b, std::string_view text, const ListLimit& limit) {
  return b.plain || limit.full(Listpack::kEmptySize + b.used(), b.count, text.size());
}

}  // namespace

// ---- at the ends ----

void ListBlocks::push(ListEnd end, std::string_view text, const ListLimit& limit, SlabAllocator& alloc) {
  const bool head = end == ListEnd::kHead;
  ++size_;
  if (count_ == 0 || full(block(head ? 0 : count_ - 1), text, limit)) {
    add_block_with(head ? 0 : count_, text, limit, alloc);
    if (count_ > 1) fit(block(head ? 1 : count_ - 2), alloc);
    return;
  }
  ListBlock& b = block(head ? 0 : count_ - 1);
  const EncodedElement element(text);
  element.write(room_at_end(b, end, element.size(), limit, alloc));
  ++b.count;
}

void ListBlocks::pop(ListEnd end, SlabAllocator& alloc) {
  const size_t at = end == ListEnd::kHead ? 0 : count_ - 1;
  ListBlock& b = block(at);
  --size_;
  if (b.count == 1) {
    release(b, alloc);
    close_blocks(at, 1, alloc);
  } else if (end == ListEnd::kHead) {
    b.begin += static_cast<uint32_t>(element_size(b.data + b.begin));
    --b.count;
  } else {
    b.end -= static_cast<uint32_t>(element_size_before(b.data + b.end));
    --b.count;
  }
}

// ---- in the middle ----

void ListBlocks::insert_in_block(ListBlock& b, uint32_t offset, std::string_view text, SlabAllocator& alloc) {
  const EncodedElement element(text);
  element.write(open_gap(b, offset, element.size(), alloc));
  ++b.count;
}

void ListBlocks::insert(const ListCursor& place, bool after, std::string_view text, const ListLimit& limit,
                        SlabAllocator& alloc) {
  const size_t at = place.block();
  ListBlock& b = block(at);
  uint32_t offset = place.offset();
  if (after) offset = b.plain ? b.end : offset + static_cast<uint32_t>(element_size(b.data + offset));
  ++size_;
  if (!full(b, text, limit)) {
    insert_in_block(b, offset, text, alloc);
  } else if (offset == b.end && after) {
    if (at + 1 < count_ && !full(block(at + 1), text, limit)) {
      insert_in_block(block(at + 1), block(at + 1).begin, text, alloc);
    } else {
      add_block_with(at + 1, text, limit, alloc);
    }
  } else if (offset == b.begin) {
    if (at > 0 && !full(block(at - 1), text, limit)) {
      insert_in_block(block(at - 1), block(at - 1).end, text, alloc);
    } else {
      add_block_with(at, text, limit, alloc);
    }
  } else {
    insert_splitting(at, offset, after, text, limit, alloc);
  }
}

// Into a full block, which is cut in two at the offset.
void ListBlocks::insert_splitting(size_t at, uint32_t offset, bool after, std::string_view text, const ListLimit& limit,
                                  SlabAllocator& alloc) {
  split(at, offset, alloc);
  size_t behind = at + 1;
  const bool prefer_behind = after;
  const bool before_full = full(block(at), text, limit);
  const bool behind_full = full(block(behind), text, limit);
  if (before_full && behind_full) {
    add_block_with(behind, text, limit, alloc);
    ++behind;
  } else if (behind_full || (!prefer_behind && !before_full)) {
    insert_in_block(block(at), block(at).end, text, alloc);
  } else {
    insert_in_block(block(behind), block(behind).begin, text, alloc);
  }
  merge_around(after ? at : behind, limit, alloc);
}

void ListBlocks::replace(size_t index, std::string_view text, const ListLimit& limit, SlabAllocator& alloc) {
  const ListCursor place = at(index);
  ListBlock& b = block(place.block());
  if (b.count == 1) {
    release(b, alloc);
    fill_with(b, text, limit, alloc);
    return;
  }
  const uint32_t offset = place.offset();
  touch(b);
  const EncodedElement element(text);
  const size_t old_size = element_size(b.data + offset);
  if (limit.exceeded(Listpack::kEmptySize + b.used() - old_size + text.size() + 8, b.count)) {
    insert(place, true, text, limit, alloc);
    erase(index, 1, alloc);
  } else if (element.size() <= old_size) {
    element.write(b.data + offset);
    close_gap(b, offset + static_cast<uint32_t>(element.size()), offset + static_cast<uint32_t>(old_size));
  } else {
    // The gap opens behind the old element; its place may move with what lies before.
    const size_t more = element.size() - old_size;
    char* gap = open_gap(b, offset + static_cast<uint32_t>(old_size), more, alloc);
    element.write(gap - old_size);
  }
}

void ListBlocks::erase(size_t index, size_t count, SlabAllocator& alloc) {
  const ListCursor place = this->at(index);
  size_t at = place.block();
  uint32_t offset = place.offset();
  size_ -= count;
  while (count > 0) {
    if (offset == block(at).begin && count >= block(at).count) {
      size_t end = at;
      for (; end < count_ && count >= block(end).count; ++end) {
        count -= block(end).count;
        release(block(end), alloc);
      }
      close_blocks(at, end - at, alloc);
    } else {
      ListBlock& b = block(at);
      uint32_t end = offset;
      uint32_t erased = 0;
      for (; erased < count && end < b.end; ++erased) end += static_cast<uint32_t>(element_size(b.data + end));
      close_gap(b, offset, end);
      b.count -= erased;
      count -= erased;
      fit(b, alloc);
      ++at;
    }
    if (at < count_) offset = block(at).begin;
  }
}

size_t ListBlocks::erase_matching_in_block(ListBlock& b, const ElementMatcher& wanted, size_t limit, ListEnd from,
                                           SlabAllocator& alloc) {
  if (b.plain) {
    if (!wanted.matches({std::nullopt, b.bytes()})) return 0;
    b.count = 0;
    return 1;
  }
  std::vector<uint32_t> found;
  if (from == ListEnd::kHead) {
    for (uint32_t i = b.begin; i < b.end && found.size() < limit;) {
      if (wanted.matches(read_element(b.data + i))) found.push_back(i);
      i += static_cast<uint32_t>(element_size(b.data + i));
    }
  } else {
    for (uint32_t i = b.end; i > b.begin && found.size() < limit;) {
      i -= static_cast<uint32_t>(element_size_before(b.data + i));
      if (wanted.matches(read_element(b.data + i))) found.push_back(i);
    }
    std::ranges::reverse(found);
  }
  if (found.empty()) return 0;
  touch(b);
  // What lies between two of them moves down, each byte once.
  uint32_t to = found[0];
  for (size_t i = 0; i < found.size(); ++i) {
    const uint32_t start = found[i] + static_cast<uint32_t>(element_size(b.data + found[i]));
    const uint32_t end = i + 1 < found.size() ? found[i + 1] : b.end;
    std::memmove(b.data + to, b.data + start, end - start);
    to += end - start;
  }
  b.end = to;
  b.count -= static_cast<uint32_t>(found.size());
  if (b.count > 0) fit(b, alloc);
  return found.size();
}

size_t ListBlocks::erase_matching(const ElementMatcher& wanted, size_t limit, ListEnd from, SlabAllocator& alloc) {
  size_t erased = 0;
  bool emptied = false;
  for (size_t i = 0; i < count_ && erased < limit; ++i) {
    ListBlock& b = block(from == ListEnd::kHead ? i : count_ - 1 - i);
    erased += erase_matching_in_block(b, wanted, limit - erased, from, alloc);
    if (b.count == 0) {
      release(b, alloc);
      emptied = true;
    }
  }
  size_ -= erased;
  if (emptied) close_empty_blocks(alloc);
  return erased;
}

}  // namespace guccho::store

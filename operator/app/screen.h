// What `guccho up` shows: a live table on a terminal, lines elsewhere.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "operator/app/table.h"
#include "operator/backend/backend.h"

namespace guccho::ops::app {

// Used from one thread.
class Screen {
 public:
  // On a terminal the table is drawn over itself, with the last events below it; elsewhere each event and each change
  // of a node is a line. Both go to standard output.
  static std::unique_ptr<Screen> make();
  virtual ~Screen() = default;

  virtual void show(const RedisCluster& cluster, const std::vector<Row>& rows) = 0;
  virtual void event(const Event& event) = 0;
};

}  // namespace guccho::ops::app

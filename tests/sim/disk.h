// A node's disk: what the last finished write left there. A crash in the middle of a group of files leaves some of
// them.
#pragma once

#include <string>

#include "node/cluster/effects.h"

namespace guccho::sim {

struct Disk {
  std::string nodes_conf;  // empty: never written
  std::string own;

  void write(const cluster::PersistFile& file) {
    (file.kind == cluster::PersistFile::Kind::kNodesConf ? nodes_conf : own) = file.text;
  }
  // A crash while the group was being written: each file is replaced atomically, in order, `done` of them were.
  void write_some(const cluster::PersistGroup& group, size_t done) {
    for (size_t i = 0; i < done && i < group.files().size(); ++i) write(group.files()[i]);
  }
};

}  // namespace guccho::sim

// Between the admin service's messages and the node's own types. Includes protobuf: for this folder's sources only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guccho/admin/v1/admin.pb.h"
#include "node/admin/host.h"

namespace guccho::admin {

void to_proto(const StatusFacts& facts, uint64_t fencing_term, v1::NodeStatus* out);

// Reads the fields of a request; the first that is malformed is kept, by name, and everything after it is of no use.
class FieldReader {
 public:
  NodeId id(const std::string& text, const char* field);
  // Every range in bounds, at least one, no slot twice.
  SlotSet slots(const google::protobuf::RepeatedPtrField<v1::SlotRange>& ranges, const char* field);
  uint16_t port(uint32_t value, const char* field);
  // An IPv4 or IPv6 address in numbers.
  std::string address(const std::string& text, const char* field);
  void require(bool good, const char* field, const char* problem);

  bool ok() const { return problem_.empty(); }
  const std::string& problem() const { return problem_; }

 private:
  void note(std::string problem);
  std::string problem_;
};

}  // namespace guccho::admin

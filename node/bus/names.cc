// Names of message types (CLUSTER INFO) and of reasons to refuse a message (metrics).
#include "node/bus/codec.h"

namespace guccho::bus {

const char* name(Reject reason) {
  switch (reason) {
    case Reject::kTooShort:
      return "too_short";
    case Reject::kBadSignature:
      return "bad_signature";
    case Reject::kBadVersion:
      return "bad_version";
    case Reject::kBadLength:
      return "bad_length";
    case Reject::kUnknownType:
      return "unknown_type";
    case Reject::kBadCount:
      return "bad_count";
    case Reject::kBadName:
      return "bad_name";
    case Reject::kBadAddress:
      return "bad_address";
    case Reject::kBadExtension:
      return "bad_extension";
    case Reject::kBadHostname:
      return "bad_hostname";
    case Reject::kBadText:
      return "bad_text";
    case Reject::kBadVoters:
      return "bad_voters";
    case Reject::kTooLarge:
      return "too_large";
  }
  return "unknown";
}

const char* name(MessageType type) {
  switch (type) {
    case MessageType::kPing:
      return "ping";
    case MessageType::kPong:
      return "pong";
    case MessageType::kMeet:
      return "meet";
    case MessageType::kFail:
      return "fail";
    case MessageType::kPublish:
      return "publish";
    case MessageType::kFailoverAuthRequest:
      return "auth-req";
    case MessageType::kFailoverAuthAck:
      return "auth-ack";
    case MessageType::kUpdate:
      return "update";
    case MessageType::kManualFailoverStart:
      return "mfstart";
    case MessageType::kModule:
      return "module";
    case MessageType::kPublishShard:
      return "publishshard";
    case MessageType::kElectorate:
      return "electorate";
  }
  return "unknown";
}

}  // namespace guccho::bus

// A host whose commands are replies in a table, and helpers that run scripts against it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "node/scripting/evaluator.h"
#include "node/scripting/host.h"

namespace guccho::scripting::testing {

// RESP on one line: '|' for CR LF.
inline std::string one_line(std::string_view resp) {
  std::string out;
  for (size_t i = 0; i < resp.size(); ++i) {
    if (resp.substr(i, 2) == "\r\n") {
      out += '|';
      ++i;
    } else {
      out += resp[i];
    }
  }
  return out;
}

struct FakeHost : ScriptHost {
  std::map<std::string, std::string> replies;  // by the arguments joined by blanks; '|' for CR LF
  std::vector<std::string> calls;              // with the RESP version in front
  std::vector<std::string> logs;
  unsigned targets = 3;
  int ticks = 0;
  int end_at_tick = 0;  // 0: never
  std::string end_text = "ended by the host";

  void call(std::span<const std::string_view> args, resp::Version version, resp::Buffer& reply) override {
    std::string joined;
    for (const std::string_view a : args) joined += (joined.empty() ? "" : " ") + std::string(a);
    calls.push_back((version == resp::Version::kResp3 ? "3 " : "2 ") + joined);
    const auto it = replies.find(joined);
    for (const char c : it == replies.end() ? std::string("+OK|") : it->second) {
      c == '|' ? reply.append("\r\n") : reply.push_back(c);
    }
  }
  Permission may_call(std::span<const std::string_view> args) override {
    return args[0] == "nosuch" ? Permission::kUnknownCommand
           : args[0] == "no"   ? Permission::kDenied
                               : Permission::kAllowed;
  }
  void log(int level, std::string_view text) override {
    logs.push_back(std::to_string(level) + " " + std::string(text));
  }
  void set_replication(unsigned t) override { targets = t; }
  std::string_view interrupt() override {
    return ++ticks >= end_at_tick && end_at_tick != 0 ? std::string_view(end_text) : std::string_view();
  }
};

// One interpreter; the reply on one line, without the part of an error that names the script.
struct Scripts {
  ScriptCache cache;
  Evaluator evaluator{cache};
  FakeHost host;

  std::string raw(std::string_view body, std::vector<std::string_view> keys = {},
                  std::vector<std::string_view> args = {}, resp::Version version = resp::Version::kResp2) {
    const auto script = evaluator.by_body(body);
    if (!script) return "! " + script.error().text;
    resp::Buffer out;
    resp::ReplyWriter reply(out, version);
    evaluator.run(**script, keys, args, host, reply);
    return one_line(out.view());
  }
  std::string run(std::string_view body, std::vector<std::string_view> keys = {},
                  std::vector<std::string_view> args = {}, resp::Version version = resp::Version::kResp2) {
    const std::string reply = raw(body, std::move(keys), std::move(args), version);
    return reply.starts_with('-') ? reply.substr(0, reply.find(" script: ")) : reply;
  }
  std::string run3(std::string_view body) { return run(body, {}, {}, resp::Version::kResp3); }
};

}  // namespace guccho::scripting::testing

// CLIENT TRACKING and what belongs to it: server-assisted client-side caching.
#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "node/commands/handlers.h"
#include "node/commands/host.h"
#include "node/commands/numbers.h"
#include "node/commands/text.h"

namespace guccho::commands {
namespace {

struct Options {
  Tracking tracking;
  bool redirects = false;
};

bool refused(Context& c, std::string_view error) {
  c.reply.error(error);
  return false;
}

// The connection that invalidations go to; false after an error reply.
bool find_redirect(Context& c, std::string_view text, Options& o) {
  if (o.redirects) return refused(c, "ERR A client can only redirect to a single other client");
  const auto id = parse_integer(text);
  if (!id) {
    c.not_an_integer();
    return false;
  }
  bool found = false;
  c.host.for_each_session([&](const Session& s) {
    if (static_cast<int64_t>(s.id) != *id) return;
    found = true;
    o.tracking.redirect_worker = s.worker;
  });
  if (!found) return refused(c, "ERR The client ID you want redirect to does not exist");
  o.tracking.redirect = static_cast<uint64_t>(*id);
  o.redirects = true;
  return true;
}

bool read_options(Context& c, Options& o) {
  for (size_t i = 3; i < c.argc(); ++i) {
    const std::string_view option = c.arg(i);
    const bool has_value = i + 1 < c.argc();
    if (equals_ignore_case("redirect", option) && has_value) {
      if (!find_redirect(c, c.arg(++i), o)) return false;
    } else if (equals_ignore_case("bcast", option)) {
      o.tracking.broadcast = true;
    } else if (equals_ignore_case("optin", option)) {
      o.tracking.opt_in = true;
    } else if (equals_ignore_case("optout", option)) {
      o.tracking.opt_out = true;
    } else if (equals_ignore_case("noloop", option)) {
      o.tracking.no_loop = true;
    } else if (equals_ignore_case("prefix", option) && has_value) {
      o.tracking.prefixes.emplace_back(c.arg(++i));
    } else {
      c.syntax_error();
      return false;
    }
  }
  return true;
}

bool overlap(std::string_view a, std::string_view b) {
  return a.starts_with(b) || b.starts_with(a);
}

// A key would be told twice.
bool prefixes_are_apart(Context& c, const std::vector<std::string>& fresh, const std::vector<std::string>& old) {
  const auto text = [](const std::string& a, const std::string& b, std::string_view which) {
    return "ERR Prefix '" + a + "' overlaps with " + std::string(which) + " prefix '" + b +
           "'. Prefixes for a single client must not overlap.";
  };
  for (size_t i = 0; i < fresh.size(); ++i) {
    for (const std::string& o : old) {
      if (overlap(fresh[i], o)) return refused(c, text(fresh[i], o, "an existing"));
    }
    for (size_t j = i + 1; j < fresh.size(); ++j) {
      if (overlap(fresh[i], fresh[j])) return refused(c, text(fresh[i], fresh[j], "another provided"));
    }
  }
  return true;
}

bool compatible(Context& c, const Options& o) {
  const Tracking& t = o.tracking;
  const Tracking* const now = c.session->tracking.get();
  if (!t.broadcast && !t.prefixes.empty()) return refused(c, "ERR PREFIX option requires BCAST mode to be enabled");
  if (now != nullptr && now->broadcast != t.broadcast) {
    return refused(c,
                   "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then "
                   "re-enabling it with a different mode.");
  }
  if (t.broadcast && (t.opt_in || t.opt_out)) return refused(c, "ERR OPTIN and OPTOUT are not compatible with BCAST");
  if (t.opt_in && t.opt_out) return refused(c, "ERR You can't specify both OPTIN mode and OPTOUT mode");
  if (now != nullptr && ((t.opt_in && now->opt_out) || (t.opt_out && now->opt_in))) {
    return refused(c,
                   "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then "
                   "re-enabling it with a different mode.");
  }
  return !t.broadcast || prefixes_are_apart(c, t.prefixes, now != nullptr ? now->prefixes : std::vector<std::string>());
}

void switch_on(Context& c, Options o) {
  Session& s = *c.session;
  Tracking& t = o.tracking;
  // Without a prefix all keys are meant; those of an earlier call stay.
  if (t.broadcast && t.prefixes.empty()) t.prefixes.emplace_back();
  std::vector<std::string> all = s.tracking ? s.tracking->prefixes : std::vector<std::string>();
  std::vector<std::string> fresh;
  for (const std::string& p : t.prefixes) {
    if (std::ranges::find(all, p) == all.end()) fresh.push_back(p);
  }
  const bool caching = s.tracking && s.tracking->caching;
  s.tracking = std::make_shared<Tracking>(std::move(t));
  s.tracking->caching = caching;
  s.tracking->prefixes = fresh;
  c.host.start_tracking(s);
  all.insert(all.end(), fresh.begin(), fresh.end());
  std::ranges::sort(all);
  s.tracking->prefixes = std::move(all);
}

}  // namespace

namespace handlers {

void client_tracking(Context& c) {
  Options o;
  if (!read_options(c, o)) return;
  if (equals_ignore_case("on", c.arg(2))) {
    // Keys of other nodes are read there, where this connection is not known.
    if (c.session->router) {
      return c.reply.error("ERR CLIENT TRACKING is not served on the router port; use the cluster port");
    }
    if (!compatible(c, o)) return;
    switch_on(c, std::move(o));
  } else if (equals_ignore_case("off", c.arg(2))) {
    if (c.session->tracking) c.host.stop_tracking(*c.session);
  } else {
    return c.syntax_error();
  }
  c.reply.ok();
}

void client_caching(Context& c) {
  Tracking* const t = c.session->tracking.get();
  if (t == nullptr) {
    return c.reply.error(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled");
  }
  if (equals_ignore_case("yes", c.arg(2))) {
    if (!t->opt_in) {
      return c.reply.error("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
    }
  } else if (equals_ignore_case("no", c.arg(2))) {
    if (!t->opt_out) {
      return c.reply.error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
    }
  } else {
    return c.syntax_error();
  }
  t->caching = true;
  c.reply.ok();
}

void client_getredir(Context& c) {
  c.reply.integer(c.session->tracking ? static_cast<int64_t>(c.session->tracking->redirect) : -1);
}

void client_trackinginfo(Context& c) {
  const Tracking* const t = c.session->tracking.get();
  std::vector<std::string_view> flags;
  flags.push_back(t != nullptr ? "on" : "off");
  if (t != nullptr) {
    if (t->broadcast) flags.push_back("bcast");
    if (t->opt_in) flags.push_back("optin");
    if (t->opt_in && t->caching) flags.push_back("caching-yes");
    if (t->opt_out) flags.push_back("optout");
    if (t->opt_out && t->caching) flags.push_back("caching-no");
    if (t->no_loop) flags.push_back("noloop");
    if (t->broken) flags.push_back("broken_redirect");
  }
  c.reply.map(3);
  c.reply.bulk("flags");
  c.reply.set(flags.size());
  for (const std::string_view f : flags) c.reply.bulk(f);
  c.reply.bulk("redirect");
  c.reply.integer(t != nullptr ? static_cast<int64_t>(t->redirect) : -1);
  c.reply.bulk("prefixes");
  c.reply.array(t != nullptr ? t->prefixes.size() : 0);
  if (t == nullptr) return;
  for (const std::string& p : t->prefixes) c.reply.bulk(p);
}

}  // namespace handlers
}  // namespace guccho::commands

// A place's file, and its life from what the files and /proc say.
#include "operator/backend/local/place.h"

#include <gtest/gtest.h>

namespace guccho::ops::local {
namespace {

using supervise::Desired;
using supervise::ExitRecord;
using supervise::Presence;
using supervise::ProcessIdentity;
using supervise::Record;

const ProcessIdentity kProcess{"boot", 10, 20};
const ProcessIdentity kEarlier{"boot", 9, 19};

TEST(Place, TextGoesThereAndBack) {
  const Place place{"127.0.0.1", 7000, 17000, 7400, 7000, 7400, true};
  EXPECT_EQ(parse_place(to_text(place)), place);
  EXPECT_EQ(parse_place(to_text(Place{})), Place{});
  EXPECT_FALSE(parse_place("guccho-place 1\nport 70000\n"));
  EXPECT_FALSE(parse_place("guccho-place 1\nremoved perhaps\n"));
  EXPECT_FALSE(parse_place("guccho-place 2\n"));
  EXPECT_FALSE(parse_place(""));
}

PlaceFacts running() {
  PlaceFacts facts;
  facts.desired = Desired{};
  facts.record = Record{};
  facts.record->state = Record::State::kRunning;
  facts.record->process = kProcess;
  facts.supervisor = Presence::kRunning;
  facts.process = Presence::kRunning;
  return facts;
}

PlaceFacts ended(std::string how) {
  PlaceFacts facts = running();
  facts.process = Presence::kGone;
  facts.record->process.reset();
  facts.record->state = Record::State::kWaiting;
  facts.record->last_exit = ExitRecord{kEarlier, std::move(how), {}};
  facts.record->failures = 1;
  return facts;
}

TEST(LifeOf, Table) {
  PlaceFacts new_place;
  EXPECT_EQ(life_of(new_place), Life(Pending{"being started"}));
  EXPECT_EQ(incarnation_of(new_place), Incarnation{});

  EXPECT_EQ(life_of(running()), Life(Running{}));
  EXPECT_EQ(incarnation_of(running()), Incarnation{kProcess.str()});

  PlaceFacts orphan = running();
  orphan.supervisor = Presence::kGone;
  EXPECT_EQ(life_of(orphan), Life(Running{})) << "a node without a supervisor still serves";

  PlaceFacts stopping = running();
  stopping.record->state = Record::State::kStopping;
  EXPECT_EQ(life_of(stopping), Life(Terminating{}));
  PlaceFacts told = running();
  told.desired->goal = Desired::Goal::kStop;
  EXPECT_EQ(life_of(told), Life(Terminating{}));
  PlaceFacts removed = running();
  removed.place.removed = true;
  EXPECT_EQ(life_of(removed), Life(Terminating{}));

  PlaceFacts unrecorded = running();
  unrecorded.process = Presence::kGone;
  EXPECT_EQ(life_of(unrecorded), Life(Gone{Evidence::kProcessReaped, "ended just now"}));

  PlaceFacts untold = running();
  untold.process = Presence::kUnknown;
  untold.record->since = UnixMillis(Millis(7));
  EXPECT_EQ(life_of(untold), Life(UnknownLife{UnixMillis(Millis(7))})) << "a probe that fails proves nothing";
  untold.place.removed = true;
  EXPECT_EQ(life_of(untold), Life(UnknownLife{UnixMillis(Millis(7))}));

  PlaceFacts killed = ended("killed by signal 9");
  EXPECT_EQ(life_of(killed), Life(Gone{Evidence::kProcessReaped, "killed by signal 9"}));
  EXPECT_EQ(incarnation_of(killed), Incarnation{kEarlier.str()}) << "the proof names the process that died";
  PlaceFacts failing = ended("exited with status 1");
  failing.record->failures = 3;
  failing.last_words = "bind: Address already in use";
  EXPECT_EQ(life_of(failing), Life(Gone{Evidence::kProcessReaped,
                                        "exited with status 1 ('bind: Address already in use'), 3 times in a row"}));
}

TEST(IsDown, OnlyWhenNeitherRuns) {
  PlaceFacts facts = running();
  EXPECT_FALSE(is_down(facts));
  facts.process = Presence::kGone;
  EXPECT_FALSE(is_down(facts)) << "the supervisor may start a node at any time";
  facts.supervisor = Presence::kGone;
  EXPECT_TRUE(is_down(facts));
  facts.process = Presence::kRunning;
  EXPECT_FALSE(is_down(facts));
  facts.process = Presence::kUnknown;
  EXPECT_FALSE(is_down(facts)) << "nothing may be deleted or started beside it";
  facts.process = Presence::kGone;
  facts.supervisor = Presence::kUnknown;
  EXPECT_FALSE(is_down(facts));
}

}  // namespace
}  // namespace guccho::ops::local

// The client program over ioredis' cluster client; see ../README.md.
import fs from "node:fs";
import assert from "node:assert/strict";
import { Cluster } from "ioredis";

const nodes = process.argv[2].split(",").map((address) => {
  const at = address.lastIndexOf(":");
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
});
const tls = process.argv[3] ? { ca: fs.readFileSync(process.argv[3]) } : undefined;
const client = new Cluster(nodes, { redisOptions: { tls, commandTimeout: 2000 } });
client.on("error", () => {}); // reported by the calls themselves

async function families() {
  assert.equal(await client.set("js:s", "v"), "OK");
  assert.equal(await client.get("js:s"), "v");
  assert.equal(await client.append("js:s", "w"), 2);
  assert.equal(await client.incrby("js:n", 5), 5);
  assert.equal(await client.incrbyfloat("js:f", 1.5), "1.5");
  assert.equal(await client.mset("{js}a", 1, "{js}b", 2), "OK");
  assert.deepEqual(await client.mget("{js}a", "{js}b"), ["1", "2"]);
  await Promise.all(Array.from({ length: 50 }, (_, n) => client.set(`js:m:${n}`, n)));
  assert.equal(await client.expire("js:s", 1000), 1);
  assert.ok((await client.ttl("js:s")) > 990);
  assert.equal(await client.hset("js:h", { a: 1, b: 2 }), 2);
  assert.deepEqual(await client.hgetall("js:h"), { a: "1", b: "2" });
  assert.equal(await client.hincrby("js:h", "a", 4), 5);
  const replies = await client.multi().set("{js}x", 1).incr("{js}x").get("{js}x").exec();
  assert.deepEqual(replies, [[null, "OK"], [null, 2], [null, "2"]]);
  const names = new Set();
  for (const node of client.nodes("master")) {
    let cursor = "0";
    do {
      const [next, found] = await node.scan(cursor, "MATCH", "js:m:*", "COUNT", 100);
      found.forEach((name) => names.add(name));
      cursor = next;
    } while (cursor !== "0");
  }
  assert.equal(names.size, 50);
}

await families();
console.log("ready");

let stop = false;
process.stdin.once("data", () => (stop = true));
let written = 0, errors = 0, wrong = 0, lost = 0, gap = 0, last = performance.now();
while (!stop) {
  const number = written + 1;
  for (;;) {
    try {
      await client.set(`js:w:${number}`, `value ${number}`);
      break;
    } catch {
      errors++;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 1)); // a pace that leaves the other programs their share
  const now = performance.now();
  gap = Math.max(gap, now - last);
  last = now;
  written = number;
  if (number % 5 === 0) {
    const seen = 1 + Math.floor(Math.random() * written);
    try {
      const value = await client.get(`js:w:${seen}`);
      if (value !== null && value !== `value ${seen}`) wrong++;
    } catch {
      errors++;
    }
  }
}
for (let number = 1; number <= written; number++) {
  const value = await client.get(`js:w:${number}`);
  if (value === null) lost++;
  else if (value !== `value ${number}`) wrong++;
}
console.log(JSON.stringify({ written, lost, wrong, errors, longest_gap_ms: Math.round(gap) }));
client.disconnect();
process.stdin.destroy();

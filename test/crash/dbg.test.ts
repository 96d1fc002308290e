import { it } from 'vitest';
import { readdirSync, statSync } from 'node:fs';
import { Journal } from './world/journal.ts';
import { scratchDirectories } from './world/scratch.ts';
import { SeededRandom } from './world/seeded-random.ts';
import { TestClock } from './world/test-clock.ts';
import { Workload } from './world/workload.ts';
import { World } from './world/world.ts';
import { manifestOf } from './world/inspect.ts';
const newDirectory = scratchDirectories();
it('dbg', async () => {
  const directory = newDirectory();
  const journal = new Journal();
  const clock = new TestClock();
  const point = Number(process.env.POINT ?? 33);
  const trace = (world: World) => { const e = world.enterSync.bind(world); 
    const d = world.enter.bind(world);
    world.enterSync = (op) => { console.log(world.operations+1, 'S', op.kind, op.path.split('/').at(-1), op.bytes); return e(op); };
    world.enter = (op) => { console.log(world.operations+1, 'A', op.kind, op.path.split('/').at(-1), op.bytes, op.mode); return d(op); }; };
  const w = new World({ clock, killAt: point });
  trace(w);
  try { await new Workload(w, directory, journal, { seed: Number(process.env.SEED ?? 1), steps: 60 }).run(); } catch (e) { console.log(String(e)); }
  await w.bury();
  console.log('states', journal.issued);
  const show = async () => { console.log(readdirSync(directory).map((n) => `${n} ${statSync(directory + '/' + n).size}`)); try { console.log(JSON.stringify((await manifestOf(directory)), null, 0)); } catch {} };
  await show();
  const random = new SeededRandom(point);
  for (let r = 0; r < 3; r++) {
    const w2 = new World({ clock, killAt: r === 2 ? 1e9 : 1 + random.below(40) });
    trace(w2);
    console.log('recovery', r);
    try { const store = await w2.open(directory, { logger: (l, e, f) => console.log(l, e, JSON.stringify(f)) }); await w2.live(store.whenIndexReady()); console.log('keys', store.stats().keys); w2.kill(); } catch (e) { console.log(String(e)); }
    await w2.bury();
    await show();
  }
});

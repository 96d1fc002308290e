/** The same random commands to Redis itself and to caskd: the replies are the same. */

import { expect, it } from 'vitest';
import { isSameReply } from './compared-replies.ts';
import { CommandSource, seededRandom } from './random-commands.ts';
import { hasProgram, startRedis } from './redis-tools.ts';
import { openRespFixture } from './resp-fixture.ts';
import { Wire } from './wire.ts';

const COMMANDS = Number(process.env['CASKD_RESP_COMMANDS'] ?? 6000);
const SEED = Number(process.env['CASKD_RESP_SEED'] ?? Date.now() % 1_000_000);
const BATCH = 40;

it.skipIf(!hasProgram('redis-server'))(
  `${COMMANDS} random commands are answered as Redis answers them (CASKD_RESP_SEED=${SEED})`,
  async () => {
    await using redis = await startRedis();
    await using fixture = await openRespFixture();
    using ours = await Wire.open({ port: fixture.port });
    using theirs = await Wire.open({ path: redis.path });
    const source = new CommandSource(seededRandom(SEED));
    const recent: string[] = [];
    for (let done = 0; done < COMMANDS; ) {
      const batch: string[][] = [];
      const size = 1 + source.int(BATCH);
      while (batch.length < size) batch.push(...source.next());
      const [expected, given] = await Promise.all([theirs.calls(batch), ours.calls(batch)]);
      batch.forEach((command, index) => {
        recent.push(`${JSON.stringify(command)} -> ${JSON.stringify(expected[index])}`);
        if (isSameReply(command, expected[index], given[index])) return;
        const history = recent.slice(-25).join('\n');
        expect.fail(
          `seed ${SEED}: ${JSON.stringify(command)}\n redis ${JSON.stringify(expected[index])}\n ` +
            `caskd ${JSON.stringify(given[index])}\nafter\n${history}`,
        );
      });
      done += batch.length;
    }
    expect(recent.length).toBeGreaterThanOrEqual(COMMANDS);
  },
  600_000,
);

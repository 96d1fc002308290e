import { EventEmitter } from 'node:events';
import { expect, it, vi } from 'vitest';
import { interruptSignal } from '../../../src/shell/interrupt.ts';

it('the first Ctrl-C asks, a second one insists; one that is heard twice is one', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const source = new EventEmitter();
    const insist = vi.fn();
    const signal = interruptSignal(source, insist);
    expect(signal.aborted).toBe(false);
    source.emit('SIGINT');
    vi.advanceTimersByTime(50);
    source.emit('SIGINT');
    expect([signal.aborted, insist.mock.calls.length]).toEqual([true, 0]);
    vi.advanceTimersByTime(100);
    source.emit('SIGINT');
    expect(insist).toHaveBeenCalledTimes(1);
  } finally {
    vi.useRealTimers();
  }
});

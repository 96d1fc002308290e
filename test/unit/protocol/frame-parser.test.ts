import { describe, expect, it } from 'vitest';
import { FLAG_PUSH } from '../../../src/protocol/frame.ts';
import { FrameParser } from '../../../src/protocol/frame-parser.ts';
import { OutputBuffer } from '../../../src/protocol/output-buffer.ts';

function frames(bodies: readonly Buffer[]): Buffer {
  const out = new OutputBuffer();
  for (const body of bodies) {
    out.beginFrame(body.length);
    out.at += body.copy(out.bytes, out.at);
    out.endFrame();
  }
  const parts: Buffer[] = [];
  for (let part = out.take(); part !== undefined; part = out.take()) parts.push(part);
  return Buffer.concat(parts);
}

function bodiesOf(parser: FrameParser): Buffer[] {
  const found: Buffer[] = [];
  while (parser.next()) found.push(Buffer.from(parser.buffer.subarray(parser.start, parser.end)));
  return found;
}

const bodies = [1, 2, 100, 5000, 70_000, 1].map((size, index) => Buffer.alloc(size, index + 1));
const stream = frames(bodies);

describe('FrameParser', () => {
  it('finds frames in place', () => {
    const parser = new FrameParser(100_000, 0);
    parser.push(stream);
    expect(parser.next()).toBe(true);
    expect(parser.buffer).toBe(stream);
    expect([parser.start, parser.end]).toEqual([5, 6]);
    expect(bodiesOf(parser)).toEqual(bodies.slice(1));
    expect(parser.midFrame).toBe(false);
  });

  it.each([1, 2, 3, 5, 7, 64, 4096, 65_536])('finds them in chunks of %i bytes', (size) => {
    const parser = new FrameParser(100_000, 0);
    const found: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) {
      const chunk = Buffer.from(stream.subarray(at, at + size));
      parser.push(chunk);
      found.push(...bodiesOf(parser));
      chunk.fill(0xee);
    }
    expect(found).toEqual(bodies);
    expect(parser.heldBytes).toBe(0);
  });

  it('joins a chunk that comes before the last was finished', () => {
    const parser = new FrameParser(100_000, 0);
    parser.push(stream.subarray(0, 50));
    expect(parser.next()).toBe(true);
    parser.push(stream.subarray(50));
    expect(bodiesOf(parser)).toEqual(bodies.slice(1));
  });

  it('allocates little for a length without bytes, and follows what arrives', () => {
    const parser = new FrameParser(2 ** 30, 0);
    parser.push(Buffer.from([0x1f, 0, 0, 0]));
    expect(parser.next()).toBe(false);
    expect(parser.heldBytes).toBe(0);
    expect(parser.midFrame).toBe(true);
    parser.push(Buffer.alloc(10));
    expect(parser.next()).toBe(false);
    expect(parser.heldBytes).toBe(65_536);
    parser.push(Buffer.alloc(100_000));
    expect(parser.next()).toBe(false);
    expect(parser.heldBytes).toBeLessThan(300_000);
  });

  it.each([
    [[0, 0, 0, 0, 0], 'BAD_FRAME'],
    [[0, 0, 0, 1, 0], 'BAD_FRAME'],
    [[0, 0, 0, 101, 0], 'FRAME_TOO_LARGE'],
    [[0xff, 0xff, 0xff, 0xff, 0], 'FRAME_TOO_LARGE'],
    [[0, 0, 0, 2, 1, 0x90], 'UNSUPPORTED'],
    [[0, 0, 0, 2, 3, 0x90], 'UNSUPPORTED'],
    [[0, 0, 0, 2, 4, 0x90], 'BAD_FRAME'],
    [[0, 0, 0, 2, 0x80, 0x90], 'BAD_FRAME'],
  ])('refuses %j, in one piece and byte by byte', (bytes, code) => {
    const whole = new FrameParser(100, 0);
    whole.push(Buffer.from(bytes));
    expect(() => whole.next()).toThrow(expect.objectContaining({ code }));
    const split = new FrameParser(100, 0);
    const byByte = () => {
      for (const byte of bytes) {
        split.push(Buffer.from([byte]));
        split.next();
      }
    };
    expect(byByte).toThrow(expect.objectContaining({ code }));
  });

  it('takes the push flag where it is allowed, and a raised limit', () => {
    const parser = new FrameParser(4, FLAG_PUSH);
    parser.push(Buffer.from([0, 0, 0, 2, 4, 0x90]));
    expect(parser.next()).toBe(true);
    expect(parser.flags).toBe(FLAG_PUSH);
    parser.maxFrameBytes = 100;
    parser.push(frames([Buffer.alloc(50)]));
    expect(parser.next()).toBe(true);
  });
});

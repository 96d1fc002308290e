import { describe, expect, it, test } from 'vitest';
import { OutputBuffer } from '../../../src/protocol/output-buffer.ts';

function frame(out: OutputBuffer, size: number, fill = 1): void {
  out.beginFrame(size);
  out.bytes.fill(fill, out.at, out.at + size);
  out.at += size;
  out.endFrame();
}

function takeAll(out: OutputBuffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let part = out.take(); part !== undefined; part = out.take()) parts.push(part);
  return parts;
}

describe('OutputBuffer', () => {
  it('hands out what is filled and goes on in the same slab', () => {
    const out = new OutputBuffer();
    frame(out, 3);
    const [first] = takeAll(out);
    frame(out, 2);
    const [second] = takeAll(out);
    expect(first?.toString('hex')).toBe('0000000400010101');
    expect(second?.toString('hex')).toBe('00000003000101');
    expect(second?.buffer).toBe(first?.buffer);
    expect(out.take()).toBeUndefined();
  });

  it('keeps order over slabs and gives big frames a buffer of their own', () => {
    const out = new OutputBuffer();
    const sizes = [10, 4000, 200, 100_000, 1, 70_000];
    for (const [index, size] of sizes.entries()) frame(out, size, index);
    const total = sizes.reduce((sum, size) => sum + 5 + size, 0);
    expect(out.pendingBytes).toBe(total);
    const bytes = Buffer.concat(takeAll(out));
    expect(out.pendingBytes).toBe(0);
    let at = 0;
    for (const [index, size] of sizes.entries()) {
      expect(bytes.readUInt32BE(at)).toBe(size + 1);
      expect(bytes[at + 5]).toBe(index);
      at += 5 + size;
    }
    expect(at).toBe(bytes.length);
  });

  it('never writes into what was handed out, save after rewind', () => {
    const out = new OutputBuffer();
    frame(out, 3, 7);
    const [first] = takeAll(out);
    const copy = Buffer.from(first as Buffer);
    for (let round = 0; round < 2000; round++) frame(out, 30, 9);
    expect(first).toEqual(copy);
    out.rewind();
    expect(out.pendingBytes).toBeGreaterThan(0);
    takeAll(out);
    out.rewind();
    expect(out.at).toBe(0);
  });

  it('takes a frame back, and grows one whose size was not known', () => {
    const out = new OutputBuffer();
    frame(out, 1);
    out.beginFrame(100);
    out.at += 50;
    out.abandonFrame();
    out.beginFrame(1);
    for (let round = 0; round < 10_000; round++) {
      out.ensure(10);
      out.bytes.fill(5, out.at, out.at + 10);
      out.at += 10;
    }
    expect(out.bodyBytes).toBe(100_000);
    out.endFrame();
    const bytes = Buffer.concat(takeAll(out));
    expect(bytes.length).toBe(6 + 5 + 100_000);
    expect(bytes.subarray(11).every((byte) => byte === 5)).toBe(true);
    out.clear();
    expect(out.pendingBytes).toBe(0);
  });

  it('notices a frame that outgrew its reservation', () => {
    const out = new OutputBuffer();
    out.beginFrame(10_000);
    out.at += 20_000;
    expect(() => out.endFrame()).toThrow(/room reserved/);
  });
});

test('an output buffer at rest gives its memory back, once all is handed out, and writes on in another slab', () => {
  const out = new OutputBuffer();
  frame(out, 3, 7);
  out.rest();
  expect(out.pendingBytes).toBe(8);
  const [first] = takeAll(out);
  out.rest();
  expect(out.bytes.length).toBe(0);
  frame(out, 3, 9);
  expect(first?.toString('hex')).toBe('0000000400070707');
  expect(Buffer.concat(takeAll(out)).toString('hex')).toBe('0000000400090909');
});

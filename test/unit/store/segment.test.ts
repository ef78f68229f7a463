import { expect, test } from 'vitest';
import { Lru } from '../../../src/base/lru.ts';
import { RECORD_HEADER_BYTES } from '../../../src/store/lmdb/block.ts';
import { Segment } from '../../../src/store/lmdb/segment.ts';
import type { Head } from '../../../src/store/lmdb/segment-format.ts';
import { SegmentWriter } from '../../../src/store/lmdb/segment-writer.ts';
import { messageOf } from '../../helpers/store-contract.ts';

const SEED = 7;

function written(...contents: Buffer[]): Buffer {
  const writer = new SegmentWriter(SEED, undefined, 1_000);
  for (const content of contents) writer.add({ ...messageOf(''), content });
  return Buffer.from(writer.finish());
}

function read(block: Buffer): Segment {
  return new Segment(block, SEED, new Lru<string, Head>(10, 10_000));
}

test('a message that says by damage that it is another one does not displace it when the segment is made smaller', () => {
  const block = written(...['zero', 'one', 'two'].map((text) => Buffer.from(text)));
  const index = block.indexOf('two') - 20;
  expect(block.readUInt16LE(index)).toBe(2);
  block.writeUInt16LE(0, index);
  const kept = read(read(block).keep((message) => message !== 1));
  expect([0, 1, 2].map((message) => kept.message(message)?.content.toString())).toEqual(['zero', undefined, undefined]);
});

test('a damaged record whose content is full of what looks like records is given up soon', () => {
  const content = Buffer.alloc(6_000_000);
  for (let at = 0; at + RECORD_HEADER_BYTES <= content.length; at += RECORD_HEADER_BYTES) {
    content.writeUInt16LE(0xb70d, at);
    content.writeUInt32LE(content.length - at - RECORD_HEADER_BYTES, at + 8);
  }
  const block = written(Buffer.from('before'), content);
  const length = block.indexOf(content) - 20 - RECORD_HEADER_BYTES + 8;
  block.writeUInt32LE(1, length);
  expect(read(block).message(0)?.content.toString()).toBe('before');
  expect(read(block).message(1)).toBeUndefined();
});

import { expect, test } from 'vitest';
import { SegmentPlan } from '../../../src/store/lmdb/segment-plan.ts';
import { SegmentTable } from '../../../src/store/lmdb/segment-table.ts';
import { messageOf } from '../../helpers/store-contract.ts';

test('a segment of many tiny messages is not written again for one that goes', () => {
  const segments = new SegmentTable();
  const committed = { salt: 1, segments, newest: undefined, readSegment: () => expect.fail('nothing is to be read') };
  const first = new SegmentPlan(committed, 0);
  const places = Array.from({ length: 5_000 }, (_, i) => first.add(messageOf(`${i % 10}`)));
  first.finish();
  for (const [segment, changes] of first.references) segments.change(segment, changes);
  for (const [segment, length] of first.lengths) segments.setLength(segment, length as number);
  const second = new SegmentPlan(committed, 0);
  second.remove(places[0] as (typeof places)[0], 1);
  second.finish();
  expect(second.writes).toEqual([]);
});

test('after the highest number come those again that no segment has', () => {
  const segments = new SegmentTable();
  segments.setLength(1, 100);
  segments.last = 0xffff_fffe;
  const plan = new SegmentPlan({ salt: 1, segments, newest: undefined, readSegment: () => undefined }, 0);
  const big = 'x'.repeat(300_000);
  const places = [plan.add(messageOf(big)), plan.add(messageOf(big))];
  expect(places.map(({ segment }) => segment)).toEqual([0xffff_ffff, 2]);
});

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ackOf, readMessages } from '../helpers/answers.ts';
import { startBroker } from '../helpers/broker.ts';

const mountPoint = mkdtempSync(join(tmpdir(), 'xmlblaster-small-disk-'));
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', mountPoint]).status === 0;
if (!isMounted) console.warn('SKIPPED disk-full.test.ts: only root may mount a small disk');

afterAll(() => {
  if (isMounted) spawnSync('umount', ['-l', mountPoint]);
  rmSync(mountPoint, { recursive: true, force: true });
});

const POLL = '/updates?session=joe/1&persistent=true&oid=a&timeout=0&max=10000&maxBytes=60000000';

describe.runIf(isMounted)('a disk that gets full', () => {
  test('refuses publishes, gives what it has, loses nothing that was acknowledged, and takes messages again', async () => {
    const dataDir = join(mountPoint, 'data');
    const broker = await startBroker({ memory: false, dataDir });
    await broker.get(POLL);
    const acked: string[] = [];
    let refusal = '';
    for (let i = 0; refusal === '' && i < 1_000; i++) {
      const content = `${i} ${'x'.repeat(20_000)}`;
      const { status, body } = await broker.put('/topics/a?persistent=true', content);
      if (status < 300) acked.push(content);
      else refusal = body;
    }
    expect(refusal).toMatch(/errorCode='resource\.exhaust'><message>Cannot write to the store in .*see whether the disk is full/);
    expect((await broker.put('/topics/b', 'transient')).status).toBe(201);
    await broker.close();

    const again = await startBroker({ memory: false, dataDir });
    const { body } = await again.get(POLL);
    expect(readMessages(body).map(({ text }) => text)).toEqual(acked);
    await again.get(`${POLL}&ack=${ackOf(body)}`);
    expect(spawnSync('mount', ['-o', 'remount,size=16m', mountPoint]).status).toBe(0);
    expect((await again.put('/topics/a?persistent=true', 'there is room again')).status).toBe(200);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Config, ServerParts } from '../../src/server.ts';
import { startBroker, type TestBroker } from './broker.ts';
import { SurvivingStore } from './surviving-store.ts';

interface Durable {
  readonly first: TestBroker;
  /** `meanwhile` is called while it is down; `changed` are settings that are others then. */
  restart(meanwhile?: () => void, changed?: Partial<Config>): Promise<TestBroker>;
}

/** A broker on a disk, or on what a disk is without the disk, and how it comes back. */
export const kinds: readonly [where: string, start: typeof startInMemory][] = [
  ['in a store that survives', startInMemory],
  ['on disk', startOnDisk],
];

function startInMemory(settings: Partial<Config> = {}, parts: ServerParts = {}): Promise<Durable> {
  const store = new SurvivingStore();
  return comesBack((changed) => startBroker({ ...settings, ...changed }, { ...parts, store }));
}

function startOnDisk(settings: Partial<Config> = {}, parts: ServerParts = {}): Promise<Durable> {
  const dataDir = mkdtempSync(join(tmpdir(), 'xmlblaster-restart-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  return comesBack((changed) => startBroker({ ...settings, ...changed, memory: false, dataDir }, parts));
}

async function comesBack(start: (changed: Partial<Config>) => Promise<TestBroker>): Promise<Durable> {
  let running = await start({});
  return {
    first: running,
    restart: async (meanwhile = () => {}, changed = {}) => {
      await running.close();
      meanwhile();
      running = await start(changed);
      return running;
    },
  };
}

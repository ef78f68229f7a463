import type { Measurement } from '../harness/measurement.ts';
import { ServerProcess } from '../harness/server-process.ts';
import { measureEvaluation } from './xpath-evaluation.ts';
import { measureIndices } from './xpath-index.ts';
import { measurePublishing } from './xpath-publish.ts';
import { measureScan } from './xpath-scan.ts';

/** XPath matching: the evaluator and both indices alone, a broker full of topics, and the whole way of a publish. */
export const measureXPath: Measurement = async (say) => {
  say('expressions and topics in this process');
  const evaluation = measureEvaluation();
  const indices = await measureIndices(say);
  say('publishes past 10,000 subscriptions');
  const publishing = await measurePublishing();
  say('a subscription to 100,000 topics');
  const broker = await ServerProcess.startBroker();
  try {
    const scan = await measureScan(broker);
    return {
      rows: [...evaluation.rows, ...indices.rows, ...publishing.rows, ...scan.rows],
      numbers: {
        evaluation: evaluation.numbers,
        indices: indices.numbers,
        publishing: publishing.numbers,
        scan: scan.numbers,
      },
    };
  } finally {
    await broker.stop();
  }
};

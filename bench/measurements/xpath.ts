import type { Measurement } from '../harness/measurement.ts';
import { ServerProcess } from '../harness/server-process.ts';
import { measureEvaluation } from './xpath-evaluation.ts';
import { measureScan } from './xpath-scan.ts';

/** XPath matching, alone and in a broker full of topics. */
export const measureXPath: Measurement = async (say) => {
  say('expressions and topics in this process');
  const evaluation = measureEvaluation();
  say('a subscription to 100,000 topics');
  const broker = await ServerProcess.startBroker();
  try {
    const scan = await measureScan(broker);
    return {
      rows: [...evaluation.rows, ...scan.rows],
      numbers: { evaluation: evaluation.numbers, scan: scan.numbers },
    };
  } finally {
    await broker.stop();
  }
};

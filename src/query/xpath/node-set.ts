import type { NodeSet, Run, Visit } from './evaluation.ts';

/** Compiles the set as an array in document order, each node once. */
export function collect(nodeSet: NodeSet): (run: Run, node: number) => number[] {
  const walk = nodeSet.walk(push);
  return (run, node) => {
    run.budget.spend(2);
    const found: number[] = [];
    walk(run, node, found);
    return nodeSet.ordered ? found : sortUnique(run, found);
  };
}

/** Compiles "the first node of the set in document order", -1 for an empty set. */
export function first(nodeSet: NodeSet): (run: Run, node: number) => number {
  const walk = nodeSet.walk(nodeSet.ordered ? stopAtFirst : keepLowest);
  return (run, node) => {
    const found = { node: -1 };
    walk(run, node, found);
    return found.node;
  };
}

export const push: Visit<number[]> = (_run, node, found) => {
  found.push(node);
  return false;
};

/** Document order, each node once; costs two steps a node unless it is in order already. */
export function sortUnique(run: Run, nodes: number[]): number[] {
  run.budget.spend(nodes.length);
  if (isOrdered(nodes)) return nodes;
  run.budget.spend(nodes.length);
  let previous = -1;
  return Array.from(Uint32Array.from(nodes).sort()).filter((node) => {
    const isNew = node !== previous;
    previous = node;
    return isNew;
  });
}

function isOrdered(nodes: readonly number[]): boolean {
  let previous = -1;
  for (const node of nodes) {
    if (node <= previous) return false;
    previous = node;
  }
  return true;
}

const stopAtFirst: Visit<{ node: number }> = (_run, node, found) => {
  found.node = node;
  return true;
};

const keepLowest: Visit<{ node: number }> = (_run, node, found) => {
  if (found.node < 0 || node < found.node) found.node = node;
  return false;
};

import type { Axis, NodeTest } from './ast.ts';

/** One step of a pattern; the name `*` is any, that of a text is ''. */
export interface PatternStep {
  readonly node: 'element' | 'attribute' | 'text';
  readonly name: string;
  /** Any number of elements may lie in between. */
  readonly hasGap: boolean;
}

/**
 * Where a node may be, by the names on the way from the root: what is left of a path without its predicates. It never says less than
 * what the path selects.
 */
export interface PathPattern {
  /** None: the root node. */
  readonly steps: readonly PatternStep[];
  /** What the steps select and all below. */
  readonly isOpen: boolean;
}

export const ROOT_PATTERN: PathPattern = { steps: [], isOpen: false };
export const ANYTHING: PathPattern = { steps: [], isOpen: true };

/**
 * Gaps and names `*` that a pattern may have: on the way through 64 levels, so many steps stand in 64³/6 places at most. What is longer
 * loses its beginning.
 */
const MAX_LOOSE = 3;

/** Where a step leads to from nodes of `from`. */
export function extendPattern(from: PathPattern, axis: Axis, test: NodeTest): PathPattern {
  switch (axis) {
    case 'child':
    case 'attribute':
      return append(from, axis, test, from.isOpen);
    case 'descendant':
      return append(from, 'child', test, true);
    case 'descendant-or-self':
      return test.kind === 'node' ? { ...from, isOpen: true } : append(ANYTHING, 'child', test, true);
    case 'self':
      return test.kind === 'node' || test.kind === 'any-name' ? from : append(ANYTHING, 'child', test, true);
    default:
      return test.kind === 'name' || test.kind === 'text' ? append(ANYTHING, 'child', test, true) : ANYTHING;
  }
}

/** A pattern of at most MAX_LOOSE loose steps that says no more than `pattern`. */
export function boundPattern(pattern: PathPattern): PathPattern {
  const { steps, isOpen } = pattern;
  let loose = 0;
  for (let i = steps.length - 1; i >= 0; i--) {
    const { name, hasGap } = steps[i] as PatternStep;
    loose += Number(name === '*') + Number(hasGap);
    // One is left for the gap in front of it, which takes the place of all before.
    if (loose + Number(!hasGap && i > 0) > MAX_LOOSE) return { steps: withGap(steps.slice(i + 1)), isOpen };
  }
  return pattern;
}

/** The end of a pattern, which says no more than the whole. */
export function lastSteps(pattern: PathPattern, count: number): PathPattern {
  const { steps, isOpen } = pattern;
  return steps.length <= count ? pattern : { steps: withGap(steps.slice(-count)), isOpen };
}

function append(from: PathPattern, axis: 'child' | 'attribute', test: NodeTest, hasGap: boolean): PathPattern {
  const step = stepOf(axis, test, hasGap);
  return step === undefined ? ANYTHING : { steps: [...from.steps, step], isOpen: false };
}

function stepOf(axis: 'child' | 'attribute', test: NodeTest, hasGap: boolean): PatternStep | undefined {
  const node = axis === 'child' ? 'element' : 'attribute';
  switch (test.kind) {
    case 'name':
      return { node, name: test.name, hasGap };
    case 'any-name':
    case 'prefix':
      return { node, name: '*', hasGap };
    case 'text':
      return axis === 'child' ? { node: 'text', name: '', hasGap } : undefined;
    case 'node':
    case 'nothing':
      return axis === 'child' ? undefined : { node, name: '*', hasGap };
  }
}

function withGap([first, ...others]: readonly PatternStep[]): PatternStep[] {
  return first === undefined ? [] : [{ ...first, hasGap: true }, ...others];
}

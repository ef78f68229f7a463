import { createRequire } from 'node:module';

/**
 * What this room uses of the package `xpath`: its LR grammar and the tree that its grammar actions make. Declared here because the
 * package's types leave it out; loaded with `require` because they also pull the whole of lib.dom into every file.
 */
export interface Library {
  readonly XPathParser: new () => LibraryParser;
  readonly PathExpr: Constructor<LibraryPath>;
  readonly FunctionCall: Constructor<LibraryCall>;
  readonly XString: Constructor<{ readonly str: string }>;
  readonly XNumber: Constructor<{ readonly num: number }>;
  readonly UnaryMinusOperation: Constructor<{ readonly rhs: object }>;
  readonly OrOperation: Constructor<LibraryBinary>;
  readonly AndOperation: Constructor<LibraryBinary>;
  readonly BarOperation: Constructor<LibraryBinary>;
  readonly EqualsOperation: Constructor<LibraryBinary>;
  readonly NotEqualOperation: Constructor<LibraryBinary>;
  readonly LessThanOperation: Constructor<LibraryBinary>;
  readonly LessThanOrEqualOperation: Constructor<LibraryBinary>;
  readonly GreaterThanOperation: Constructor<LibraryBinary>;
  readonly GreaterThanOrEqualOperation: Constructor<LibraryBinary>;
  readonly PlusOperation: Constructor<LibraryBinary>;
  readonly MinusOperation: Constructor<LibraryBinary>;
  readonly MultiplyOperation: Constructor<LibraryBinary>;
  readonly DivOperation: Constructor<LibraryBinary>;
  readonly ModOperation: Constructor<LibraryBinary>;
}

export interface LibraryParser {
  /** Called by `parse`: terminal numbers, and the values that grammar actions receive. */
  tokenize: (text: string) => readonly [types: readonly number[], values: readonly unknown[]];
  /** By production number: what the parser makes of a right-hand side. */
  readonly reduceActions: ((rhs: unknown[]) => object)[];
  parse(text: string): { readonly expression: object };
}

interface LibraryBinary {
  readonly lhs: object;
  readonly rhs: object;
}

export interface LibraryPath {
  readonly filter?: object;
  readonly filterPredicates?: readonly object[];
  readonly locationPath?: { readonly absolute: boolean; readonly steps: readonly LibraryStep[] };
}

export interface LibraryStep {
  /** Index into the axes in alphabetical order. */
  readonly axis: number;
  readonly nodeTest: LibraryNodeTest;
  readonly predicates: readonly object[];
}

export interface LibraryNodeTest {
  /** 0 `*`, 1 `p:*`, 2 a name, 3 comment(), 4 text(), 5 processing-instruction(), 6 node(). */
  readonly type: number;
  readonly prefix?: string | null;
  readonly name?: string;
}

export interface LibraryCall {
  /** The token's value, untouched. */
  readonly functionName: unknown;
  readonly arguments: readonly object[];
}

type Constructor<T> = abstract new (...args: never[]) => T;

const require = createRequire(import.meta.url);
export const library = require('xpath') as Library;

import type { MsgKey } from '../model/message.ts';
import { canonicalise } from './xpath/canonical.ts';
import { CompiledForms } from './xpath/compiled-forms.ts';
import { necessaryFacts } from './xpath/necessary-facts.ts';
import type { Need } from './xpath/need.ts';
import { createTopicDocument, type TopicDocument } from './xpath/topic-document.ts';
import { readXPath, XPathExpression, type XPathLimits } from './xpath/xpath-expression.ts';

/** What queries see of one topic; the document is built when the first XPath asks for it. */
export class TopicView {
  readonly key: MsgKey;
  #document: TopicDocument | undefined;

  constructor(key: MsgKey) {
    this.key = key;
  }

  get document(): TopicDocument {
    this.#document ??= createTopicDocument(this.key.element);
    return this.#document;
  }
}

/** The queries that look at many topics. */
export type WideQuery = { readonly type: 'XPATH'; readonly xpath: string } | { readonly type: 'DOMAIN'; readonly domain: string };

/** A compiled query: does a topic match? */
export interface TopicQuery {
  /** Whether it finds topics with createDomEntry='false' too: they are hidden from XPath only. */
  readonly findsHidden: boolean;
  /** @throws XPathBudgetError when the answer costs more than one evaluation may. */
  matches(topic: TopicView): boolean;
}

/** What is known of a query beside its answers. */
export interface CompiledQuery {
  readonly query: TopicQuery;
  /** Equal for queries that mean the same. */
  readonly name: string;
  /** What a topic must have to match; undefined: nothing is known. */
  readonly need: Need | undefined;
}

/** Compiles queries; XPath expressions of one form share their code. */
export class QueryCompiler {
  readonly #limits: XPathLimits;
  readonly #forms = new CompiledForms();

  constructor(limits: XPathLimits) {
    this.#limits = limits;
  }

  /** @throws BrokerError when the XPath is not one (see `compileXPath`). */
  compile(query: WideQuery): CompiledQuery {
    if (query.type === 'DOMAIN') return { query: new DomainQuery(query.domain), name: domainName(query.domain), need: undefined };
    const expr = readXPath(query.xpath, this.#limits);
    const canonical = canonicalise(expr);
    const expression = new XPathExpression(canonical, this.#forms.compile(expr, canonical));
    return { query: new XPathQuery(expression), name: canonical.text, need: necessaryFacts(expr) };
  }
}

/** No canonical XPath begins like this. */
export function domainName(domain: string): string {
  return `domain:${domain}`;
}

class DomainQuery implements TopicQuery {
  readonly findsHidden = true;
  readonly #domain: string;

  constructor(domain: string) {
    this.#domain = domain;
  }

  matches({ key }: TopicView): boolean {
    return key.domain === this.#domain;
  }
}

class XPathQuery implements TopicQuery {
  readonly #expression: XPathExpression;

  constructor(expression: XPathExpression) {
    this.#expression = expression;
  }

  get findsHidden(): boolean {
    return false;
  }

  matches(topic: TopicView): boolean {
    return this.#expression.matches(topic.document);
  }
}

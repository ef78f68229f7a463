import type { ReceivedMessage } from '../../model/message.ts';
import { canonicalise } from '../xpath/canonical.ts';
import { CompiledForms } from '../xpath/compiled-forms.ts';
import { necessaryFacts } from '../xpath/necessary-facts.ts';
import type { Need } from '../xpath/need.ts';
import { type Places, StandingIndex } from '../xpath/standing/standing-index.ts';
import type { TopicDocument } from '../xpath/topic-document.ts';
import { readXPath, XPathExpression, type XPathLimits } from '../xpath/xpath-expression.ts';
import type { StandingFilter } from './content-filter.ts';
import type { MessageView, MessageViews } from './message-view.ts';
import type { XPathPass } from './xpath-pass.ts';

/** Which part of a message expressions look at. */
interface Part {
  /** Undefined when it is no XML. */
  document(view: MessageView): TopicDocument | undefined;
  pass(view: MessageView): XPathPass;
}

export interface XPathFilter {
  readonly matches: (message: ReceivedMessage) => boolean;
  readonly standing: StandingFilter;
}

/** Filters that look at contents. */
export function contentXPaths(views: MessageViews, limits: XPathLimits): XPathFilters {
  return new XPathFilters(views, limits, { document: (view) => view.contentDocument, pass: (view) => view.contentPass });
}

/** Filters that look at the QoS. */
export function qosXPaths(views: MessageViews, limits: XPathLimits): XPathFilters {
  return new XPathFilters(views, limits, { document: (view) => view.qosDocument, pass: (view) => view.qosPass });
}

/** XPath filters, which share one parse of a message, and one pass of an index over it when subscriptions have many of them. */
export class XPathFilters {
  readonly #views: MessageViews;
  readonly #limits: XPathLimits;
  readonly #part: Part;
  readonly #forms = new CompiledForms();
  readonly #index = new StandingIndex<object>();
  /** Counts what has been filed. */
  #filed = 0;

  constructor(views: MessageViews, limits: XPathLimits, part: Part) {
    this.#views = views;
    this.#limits = limits;
    this.#part = part;
  }

  /** @throws BrokerError what `compileXPath` throws. */
  compile(query: string): XPathFilter {
    const expr = readXPath(query, this.#limits);
    const canonical = canonicalise(expr);
    const expression = new XPathExpression(canonical, this.#forms.compile(expr, canonical));
    const entry = new HeldEntry(necessaryFacts(expr));
    return {
      matches: (message) => {
        const view = this.#views.of(message);
        const document = this.#part.document(view);
        return document !== undefined && this.#mayMatch(entry, view, document) && expression.matches(document);
      },
      standing: { hold: () => this.#hold(entry), release: () => this.#release(entry) },
    };
  }

  #mayMatch(entry: HeldEntry, view: MessageView, document: TopicDocument): boolean {
    if (entry.holders === 0) return true;
    return this.#part.pass(view).mayMatch(this.#index, document, entry, entry.heldAt, this.#filed);
  }

  #hold(entry: HeldEntry): void {
    if (entry.holders++ > 0) return;
    entry.heldAt = ++this.#filed;
    entry.places = this.#index.add(entry, entry.need);
  }

  #release(entry: HeldEntry): void {
    if (--entry.holders > 0) return;
    this.#index.remove(entry, entry.places);
    entry.places = [];
  }
}

/** A filter as the index has it. */
class HeldEntry {
  readonly need: Need | undefined;
  holders = 0;
  heldAt = 0;
  places: Places<object> = [];

  constructor(need: Need | undefined) {
    this.need = need;
  }
}

import { Lru } from '../../base/lru.ts';
import type { Expr } from './ast.ts';
import type { Canonical } from './canonical.ts';
import { compileForm } from './compile.ts';
import type { Scalar } from './evaluation.ts';

/** Forms that are remembered, and the characters of all of them; code takes some 50 bytes for each. */
const MAX_FORMS = 10_000;
const MAX_FORM_CHARS = 200_000;

/**
 * The code of the forms used last: people write few forms with ever other constants, so that most expressions need no code of their
 * own. What is forgotten stays with the expressions that use it.
 */
export class CompiledForms {
  readonly #forms = new Lru<string, Scalar<boolean>>(MAX_FORMS, MAX_FORM_CHARS);

  compile(expr: Expr, { form, slots }: Canonical): Scalar<boolean> {
    const known = this.#forms.get(form);
    if (known !== undefined) return known;
    const code = compileForm(expr, slots);
    this.#forms.set(form, code, form.length);
    return code;
  }
}

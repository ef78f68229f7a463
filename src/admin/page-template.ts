/** Commands in one page; what comes behind stays as it is. */
const MAX_COMMANDS = 500;

const COMMAND = /\$\{([^{}]{1,1000})\}/g;

/**
 * Puts the answers of commands into a page, `${?uptime}` and the like. They are escaped for HTML, and so that they cannot end a
 * string of a script either; what `ask` has no answer to stays as it is, as in the original. Answers are not looked into again.
 */
export async function fillTemplate(template: string, ask: (command: string) => Promise<string | undefined>): Promise<string> {
  const answers = new Map<string, string | undefined>();
  for (const [, command = ''] of template.matchAll(COMMAND)) {
    if (!answers.has(command) && answers.size < MAX_COMMANDS) answers.set(command, await ask(command));
  }
  return template.replace(COMMAND, (placeholder, command: string) => {
    const answer = answers.get(command);
    return answer === undefined ? placeholder : escapeForPage(answer);
  });
}

function escapeForPage(text: string): string {
  return text.replace(/[&<>"'`\\$\r\n\u2028\u2029]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The dialogue with a server as it was transcribed: `> command`, `< reply`. */
export interface Transcript {
  note(line: string): void;
  /** The verb of the last command that was sent; undefined before the first. */
  readonly lastVerb: string | undefined;
  /** What the server said before any command; undefined when it said nothing. */
  readonly greeting: string | undefined;
  /** The last line of the reply to the last command with one of these verbs. */
  replyTo(...verbs: string[]): string | undefined;
}

export function createTranscript(): Transcript {
  /** The last verdict to each verb; `""` is the greeting. */
  const replies = new Map<string, string>();
  const waiting: string[] = [""];
  let lastVerb: string | undefined;
  return {
    note(line) {
      const text = line.slice(2);
      if (line.startsWith(">")) {
        lastVerb = text.split(" ", 1)[0]?.toUpperCase() ?? "";
        waiting.push(lastVerb);
        replies.delete(lastVerb);
        return;
      }
      // Only a line with its code and a space ends a reply (RFC 959 §4.2); 1xx is not the last one.
      const verb = waiting[0];
      if (verb === undefined || !/^[1-5]\d\d /.test(text)) return;
      replies.set(verb, text);
      if (!text.startsWith("1")) waiting.shift();
    },
    get lastVerb() {
      return lastVerb;
    },
    get greeting() {
      return replies.get("");
    },
    replyTo: (...verbs) => verbs.map((verb) => replies.get(verb)).find((reply) => reply !== undefined),
  };
}

import { createTextMask } from "./mask.ts";

const known = new Set<string>();
let mask = createTextMask([]);

/** From now on `secret` is masked in everything this process says on stderr, whoever says it. */
export function keepSecret(secret: string): void {
  if (known.has(secret)) return;
  known.add(secret);
  mask = createTextMask([...known]);
}

export function withoutSecrets(text: string): string {
  return mask(text);
}

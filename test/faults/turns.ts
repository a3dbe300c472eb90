/** Lets so many tasks run at once; the others wait for their turn. */
export function createTurns(atOnce: number): { take<T>(task: () => Promise<T>): Promise<T> } {
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    async take(task) {
      if (running === atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
      else running++;
      try {
        return await task();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else running--;
      }
    },
  };
}

/** With or without a unit. */
const FIGURE = /^(?:-?[\d.,]+(?: \S+)?|none|)$/;

/** The first row is the head. Columns that hold figures below it stand to the right. */
export function textTable(rows: readonly string[][]): string {
  const widths = columnsOf(rows).map((cells) => Math.max(...cells.map((cell) => Bun.stringWidth(cell))));
  const isFigures = columnsOf(rows.slice(1)).map((cells) => cells.every((cell) => FIGURE.test(cell)));
  const line = (row: string[]) =>
    row
      .map((cell, column) => {
        const gap = " ".repeat((widths[column] ?? 0) - Bun.stringWidth(cell));
        return isFigures[column] ? gap + cell : cell + gap;
      })
      .join("  ")
      .trimEnd();
  return rows.map(line).join("\n");
}

export function markdownTable(rows: readonly string[][]): string {
  const [head = [], ...rest] = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  return [head, head.map(() => "---"), ...rest].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function columnsOf(rows: readonly string[][]): string[][] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: count }, (_, column) => rows.map((row) => row[column] ?? ""));
}

/** Three digits that count, and the unit: `0.0312 s`, `2.41 ×`, `1,240 files`. */
export function formatFigure(value: number, unit: string): string {
  if (!Number.isFinite(value)) return "none";
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const text = value.toLocaleString("en", { maximumFractionDigits: digits });
  return unit === "" ? text : `${text} ${unit}`;
}

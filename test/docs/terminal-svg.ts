const FONT_PX = 14;
const LINE_PX = 19;
const COLUMN_PX = 8.43;
const PADDING_PX = 16;
const COLUMNS = 100;

/** Screens of a terminal of 100 columns, one above the other, as an SVG picture that any browser shows. */
export function terminalSvg(...screens: string[][]): string {
  const width = Math.ceil(COLUMNS * COLUMN_PX + 2 * PADDING_PX);
  let top = 0;
  const panels = screens.map((lines) => {
    const height = lines.length * LINE_PX + 2 * PADDING_PX;
    const panel = panelOf(lines, top, width, height);
    top += height + PADDING_PX;
    return panel;
  });
  const height = top - PADDING_PX;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="miroir in a terminal">`,
    `<style>text { font: ${FONT_PX}px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d8dee9; white-space: pre } .command { fill: #a3be8c } .live { fill: #88c0d0 }</style>`,
    ...panels,
    "</svg>",
    "",
  ].join("\n");
}

function panelOf(lines: string[], top: number, width: number, height: number): string {
  const texts = lines.map((line, index) => {
    const y = top + PADDING_PX + (index + 1) * LINE_PX - 5;
    const kind = line.startsWith("$ ")
      ? ' class="command"'
      : /^\[[= ]+\]|^ {2}|^in sync/.test(line)
        ? ' class="live"'
        : "";
    return `<text x="${PADDING_PX}" y="${y}"${kind} xml:space="preserve">${escapeXml(line)}</text>`;
  });
  return [`<rect y="${top}" width="${width}" height="${height}" rx="8" fill="#2b303b"/>`, ...texts].join("\n");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

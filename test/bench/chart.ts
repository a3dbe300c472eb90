import type { Summary } from "./statistics.ts";
import { formatFigure } from "./table.ts";

/** Bars that are compared with one another. */
export interface BarGroup {
  title: string;
  bars: { label: string; seconds: Summary; isOurs: boolean }[];
}

const WIDTH = 860;
const BARS_X = 180;
const LONGEST_BAR = 560;
const BAR_HEIGHT = 14;
const LINE_HEIGHT = 20;
const TITLE_HEIGHT = 26;
const GROUP_GAP = 14;

const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #222 }
.title { font-weight: 600 }
.bar { fill: #9aa5b1 } .ours { fill: #2f6fde } .spread { stroke: #222; stroke-width: 1 }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd } .bar { fill: #6b7683 } .ours { fill: #5b93f5 } .spread { stroke: #ddd }
}`;

/** An SVG image. The longest bar of each group has full length: groups are not compared with one another. */
export function barChart(groups: readonly BarGroup[], title: string): string {
  const parts: string[] = [];
  let y = GROUP_GAP;
  for (const group of groups) {
    parts.push(`<text class="title" x="10" y="${y + 14}">${escapeXml(group.title)}</text>`);
    y += TITLE_HEIGHT;
    const longest = Math.max(...group.bars.map(({ seconds }) => seconds.largest));
    for (const bar of group.bars) {
      parts.push(barAt(y, bar, LONGEST_BAR / longest));
      y += LINE_HEIGHT;
    }
    y += GROUP_GAP;
  }
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img">`;
  return `${head}\n<title>${escapeXml(title)}</title>\n<style>${STYLE}\n</style>\n${parts.join("\n")}\n</svg>\n`;
}

function barAt(y: number, { label, seconds, isOurs }: BarGroup["bars"][number], perSecond: number): string {
  const at = (value: number) => (value * perSecond).toFixed(1);
  const x = (value: number) => (BARS_X + value * perSecond).toFixed(1);
  const middle = y + BAR_HEIGHT / 2;
  return [
    `<text x="${BARS_X - 8}" y="${y + 11}" text-anchor="end">${escapeXml(label)}</text>`,
    `<rect class="bar${isOurs ? " ours" : ""}" x="${BARS_X}" y="${y}" width="${at(seconds.median)}" height="${BAR_HEIGHT}"/>`,
    `<line class="spread" x1="${x(seconds.smallest)}" x2="${x(seconds.largest)}" y1="${middle}" y2="${middle}"/>`,
    `<text x="${(BARS_X + 6 + seconds.largest * perSecond).toFixed(1)}" y="${y + 11}">${formatFigure(seconds.median, "s")}</text>`,
  ].join("\n");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

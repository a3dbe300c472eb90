/** As much of a terminal as the live lines need: line feeds, carriage returns, cursor up, erase below, long lines broken. */
export function createTerminalModel(columns: number) {
  let width = columns;
  let all = "";

  /** What stands on the screen after everything written so far, at the present width. */
  function screen(): string[] {
    const rows: string[] = [""];
    let row = 0;
    let column = 0;
    for (const [token, up] of all.matchAll(/\x1b\[(\d+)A|\x1b\[J|[\s\S]/g)) {
      if (up !== undefined) row = Math.max(0, row - Number(up));
      else if (token === "\x1b[J") {
        rows.length = row + 1;
        rows[row] = (rows[row] ?? "").slice(0, column);
      } else if (token === "\r") column = 0;
      else if (token === "\n") {
        row++;
        column = 0;
        rows[row] ??= "";
      } else {
        if (column === width) {
          row++;
          column = 0;
        }
        rows[row] = (rows[row] ?? "").slice(0, column) + token;
        column++;
      }
    }
    return rows;
  }

  return {
    get columns() {
      return width;
    },
    write(text: string) {
      all += text;
    },
    /** Lines written before are broken anew, as terminals do. */
    resize(columnsNow: number) {
      width = columnsNow;
    },
    lines: () => screen().filter((line) => line !== ""),
    /** With the empty ones. */
    rows: screen,
    written: () => all,
  };
}

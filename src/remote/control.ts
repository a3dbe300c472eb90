import { FTPContext } from "basic-ftp";

const LONGEST_REPLY_CHARACTERS = 64 * 1024;

const SINGLE_LINE = /^\d\d\d(?: |$)/;
const FIRST_LINE = /^\d\d\d-/;

/**
 * basic-ftp's context with whole lines only. As it stands it reads a reply cut across packets as two
 * (`213 12` + `345` gives size 12), so received text is held back until its line feed.
 */
export class ControlContext extends FTPContext {
  private held = "";
  /** The lines of a reply that has begun and not ended. */
  private begun: string[] = [];
  private begunCharacters = 0;
  /** Receives each command (`> …`, PASS masked) and each reply line (`< …`). */
  transcribe: ((line: string) => void) | undefined;

  constructor() {
    // No time-out of basic-ftp's own: it would end a task that is pending on purpose. The pipeline has the timers.
    super(0);
  }

  override log(message: string): void {
    this.transcribe?.(message);
  }

  /** Sends commands in one write. None may hold a line break. */
  sendTogether(commands: readonly string[]): void {
    if (this.transcribe) for (const each of commands) this.log(`> ${each.startsWith("PASS") ? "PASS ###" : each}`);
    this.socket.write(`${commands.join("\r\n")}\r\n`, this.encoding);
  }

  /** basic-ftp's words for it say more of TCP than of what happened. */
  override closeWithError(error: Error): void {
    const isEnd = /^Server (sent FIN packet|closed connection) unexpectedly/.test(error.message);
    super.closeWithError(isEnd ? new Error("the server closed the connection", { cause: error }) : error);
  }

  override get socket() {
    return super.socket;
  }

  override set socket(socket) {
    // Bytes that came before a TLS handshake never count as an answer after it (RFC 4217, command injection).
    this.held = "";
    this.begun = [];
    this.begunCharacters = 0;
    super.socket = socket;
  }

  protected override _onControlSocketData(chunk: string): void {
    this.held += chunk;
    const end = this.held.lastIndexOf("\n") + 1;
    if (this.held.length - end > LONGEST_REPLY_CHARACTERS) {
      this.closeWithError(new Error(`The server sent a reply line of over ${LONGEST_REPLY_CHARACTERS} characters`));
      return;
    }
    if (end === 0) return;
    const whole = this.held.slice(0, end);
    this.held = this.held.slice(end);
    for (let from = 0, to = whole.indexOf("\n"); to >= 0; from = to + 1, to = whole.indexOf("\n", from)) {
      const line = whole.slice(from, whole[to - 1] === "\r" ? to - 1 : to);
      if (line === "") continue;
      if (this.transcribe) this.log(`< ${line}`);
      this.takeLine(line);
    }
  }

  /** A reply is one line, or all from one with a hyphen behind its code to one with the same code and none (RFC 959 §4.2). */
  private takeLine(line: string): void {
    const [first] = this.begun;
    if (first === undefined) {
      if (SINGLE_LINE.test(line)) this._passToHandler({ code: Number(line.slice(0, 3)), message: line });
      else if (FIRST_LINE.test(line)) this.begun.push(line);
      return;
    }
    this.begun.push(line);
    this.begunCharacters += line.length;
    if (this.begunCharacters > LONGEST_REPLY_CHARACTERS) {
      this.closeWithError(new Error(`The server sent a reply of over ${LONGEST_REPLY_CHARACTERS} characters`));
    } else if (line.startsWith(first.slice(0, 3)) && SINGLE_LINE.test(line)) {
      const message = this.begun.join("\n");
      this.begun = [];
      this.begunCharacters = 0;
      this._passToHandler({ code: Number(first.slice(0, 3)), message });
    }
  }
}

import { FTPContext } from "basic-ftp";

const LONGEST_REPLY_CHARACTERS = 64 * 1024;

/**
 * basic-ftp's context with whole lines only. As it stands it reads a reply cut across packets as two
 * (`213 12` + `345` gives size 12), so received text is held back until its line feed.
 */
export class ControlContext extends FTPContext {
  private held = "";
  /** Receives each command (`> …`, PASS masked) and each reply line (`< …`). */
  transcribe: ((line: string) => void) | undefined;

  constructor() {
    // No time-out of basic-ftp's own: it would end a task that is pending on purpose. The pipeline has the timers.
    super(0);
  }

  override log(message: string): void {
    // Received text is transcribed line by line below.
    if (!message.startsWith("<")) this.transcribe?.(message);
  }

  override get socket() {
    return super.socket;
  }

  override set socket(socket) {
    // Bytes that came before a TLS handshake never count as an answer after it (RFC 4217, command injection).
    this.held = "";
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
    for (const line of whole.split(/\r?\n/)) if (line !== "") this.transcribe?.(`< ${line}`);
    super._onControlSocketData(whole);
  }
}

import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface CertificateOptions {
  /** The names and addresses it is valid for. Default: `["127.0.0.1", "localhost"]`. */
  names?: string[];
  /** Ended in 2020. Default: valid from 2020 to 2049. */
  expired?: boolean;
  /** Signed by an authority of its own instead of by itself. Default: false. */
  signed?: boolean;
}

export interface Certificate {
  /** PEM, for the server. */
  keyFile: string;
  /** PEM, for the server: the certificate alone. */
  certificateFile: string;
  /** PEM, for the client: the authority, or the certificate itself when it is self-signed. */
  authorityFile: string;
  /** Key and certificate in one PEM file, the form that Pure-FTPd reads. */
  combinedFile: string;
  /** SHA-256 of the certificate's DER form: upper-case hex pairs joined by `:`, as `fingerprint256` gives it. */
  fingerprint: string;
}

/**
 * The certificate with these properties. It is made by the `openssl` command at the first call and shared between
 * test processes: the same options give the same files, which no test may change.
 */
export function certificate(options: CertificateOptions = {}): Certificate {
  const { names = ["127.0.0.1", "localhost"], expired = false, signed = false } = options;
  const key = createHash("sha1")
    .update(JSON.stringify([names, expired, signed]))
    .digest("hex")
    .slice(0, 12);
  const shared = join(tmpdir(), `miroir-test-certificates-${process.getuid?.() ?? 0}`);
  const folder = join(shared, key);
  if (!existsSync(folder)) {
    mkdirSync(shared, { recursive: true, mode: 0o700 });
    const draft = mkdtempSync(join(shared, "draft-"));
    makeCertificate(draft, names, expired, signed);
    moveIntoPlace(draft, folder);
  }
  const certificateFile = join(folder, "certificate.pem");
  return {
    keyFile: join(folder, "key.pem"),
    certificateFile,
    authorityFile: signed ? join(folder, "authority.pem") : certificateFile,
    combinedFile: join(folder, "combined.pem"),
    fingerprint: new X509Certificate(readFileSync(certificateFile)).fingerprint256,
  };
}

/** Another process may have made the same certificate meanwhile: then that one is kept. */
function moveIntoPlace(draft: string, folder: string): void {
  try {
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

function makeCertificate(folder: string, names: string[], expired: boolean, signed: boolean): void {
  writeFileSync(join(folder, "openssl.conf"), configuration(names, expired, signed));
  writeFileSync(join(folder, "index"), "");
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const newKey = ["-newkey", "rsa:2048", "-nodes", "-config", "openssl.conf"];
  openssl("req", "-new", ...newKey, "-keyout", "key.pem", "-out", "request.pem");
  // "openssl ca" is the only form that takes dates in OpenSSL 3.0.
  const sign = ["ca", "-batch", "-notext", "-config", "openssl.conf", "-in", "request.pem", "-out", "certificate.pem"];
  if (signed) {
    openssl(
      "req",
      "-x509",
      ...newKey,
      "-days",
      "9000",
      "-subj",
      "/CN=miroir test authority",
      "-keyout",
      "authority-key.pem",
      "-out",
      "authority.pem",
    );
    openssl(...sign, "-cert", "authority.pem", "-keyfile", "authority-key.pem");
  } else {
    openssl(...sign, "-selfsign", "-keyfile", "key.pem");
  }
  const both = ["key.pem", "certificate.pem"].map((name) => readFileSync(join(folder, name), "utf8"));
  writeFileSync(join(folder, "combined.pem"), both.join(""));
}

function configuration(names: string[], expired: boolean, signed: boolean): string {
  const alternatives = names.map((name) => `${/^[\d.]+$|:/.test(name) ? "IP" : "DNS"}:${name}`);
  return `
[ca]
default_ca = signing
[signing]
database = index
new_certs_dir = .
rand_serial = yes
default_md = sha256
default_startdate = 20200101000000Z
default_enddate = ${expired ? "20200102000000Z" : "20491231000000Z"}
policy = policy
x509_extensions = leaf
[policy]
commonName = supplied
[req]
distinguished_name = subject
prompt = no
[subject]
CN = ${names[0] ?? "miroir test"}
[leaf]
subjectAltName = ${alternatives.join(",")}
basicConstraints = critical,CA:${signed ? "FALSE" : "TRUE"}
`;
}

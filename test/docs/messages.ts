/** What the program says to people, read out of its sources: docs/messages.md is made of it. */
import { type AnyNode, type Expression, parse, type TemplateLiteral } from "acorn";
import { readDocument } from "./document.ts";

export interface Message {
  /** Of the source it stands in: `src/remote/session.ts`. */
  file: string;
  /** What varies stands in `‹ ›`. */
  text: string;
}

/** Words about options and commands, which have tables of their own. */
const NOT_MESSAGES = new Set([
  "src/options/options.ts",
  "src/options/row.ts",
  "src/options/usage.ts",
  "src/report/reasons.ts",
]);
/** A sentence: a capital, and at least three words. */
const SENTENCE = /^["“‹]?\p{Lu}[^\n]* [^\n]* [^\n]*/u;
/** FTP and SQL are no words for people. */
const COMMAND = /^[A-Z]{4,} ([A-Z]|‹)|^PRAGMA |\(\*\)/;

/** Every sentence that `file` can say, in the order of the source. */
export function messagesOf(file: string): Message[] {
  if (NOT_MESSAGES.has(file)) return [];
  const code = new Bun.Transpiler({ loader: "ts", target: "bun" }).transformSync(readDocument(file));
  const texts: string[] = [];
  walk(parse(code, { ecmaVersion: "latest", sourceType: "module", allowAwaitOutsideFunction: true }), (node) => {
    if (!isText(node)) return false;
    for (const text of alternatives(node, code))
      if (SENTENCE.test(text) && !COMMAND.test(text)) texts.push(text.replaceAll("\n", " "));
    // What is inside a text has been read with it.
    return true;
  });
  return [...new Set(texts)].map((text) => ({ file, text }));
}

type TextNode = Expression & { type: "Literal" | "TemplateLiteral" | "BinaryExpression" };

function isText(node: AnyNode): node is TextNode {
  if (node.type === "Literal") return typeof node.value === "string";
  if (node.type === "TemplateLiteral") return true;
  if (node.type !== "BinaryExpression" || node.operator !== "+") return false;
  return isText(node.left) || isText(node.right);
}

/** Each way in which the text can come out: a condition inside it gives two. */
function alternatives(node: AnyNode, code: string): string[] {
  switch (node.type) {
    case "Literal":
      return [typeof node.value === "string" ? node.value : `‹${node.raw}›`];
    case "TemplateLiteral":
      return templateAlternatives(node, code);
    case "BinaryExpression":
      return node.operator === "+"
        ? combined([alternatives(node.left, code), alternatives(node.right, code)])
        : [placeholder(node, code)];
    case "ConditionalExpression":
      return isText(node.consequent) || isText(node.alternate)
        ? [...alternatives(node.consequent, code), ...alternatives(node.alternate, code)]
        : [placeholder(node, code)];
    case "LogicalExpression":
      return isText(node.right) ? [placeholder(node.left, code)] : [placeholder(node, code)];
    default:
      return [placeholder(node, code)];
  }
}

function templateAlternatives({ quasis, expressions }: TemplateLiteral, code: string): string[] {
  const parts = quasis.flatMap((quasi, index) => {
    const expression = expressions[index];
    const text = [quasi.value.cooked ?? quasi.value.raw];
    return expression === undefined ? [text] : [text, alternatives(expression, code)];
  });
  return combined(parts);
}

const MOST_ALTERNATIVES = 8;

function combined(parts: string[][]): string[] {
  let texts = [""];
  for (const part of parts) {
    const more = texts.flatMap((text) => part.map((each) => text + each));
    // A text of many conditions is shown by its first ways only.
    texts = more.slice(0, MOST_ALTERNATIVES);
  }
  return texts;
}

/** What stands for an expression: the name in it that says what it is. */
function placeholder(node: AnyNode, code: string): string {
  const name = nameIn(node) ?? (code.slice(node.start, node.end).match(/[A-Za-z_$][\w$]*/g) ?? []).at(-1) ?? "…";
  const words = name === name.toUpperCase() ? name.replaceAll("_", " ") : name.replace(/([a-z])([A-Z])/g, "$1 $2");
  return `‹${words.toLowerCase()}›`;
}

/** What a function is called with, or what a method is called on, says more than its own name. */
function nameIn(node: AnyNode | undefined): string | undefined {
  switch (node?.type) {
    case "Identifier":
      return node.name === "undefined" ? undefined : node.name;
    case "MemberExpression": {
      const own = node.property.type === "Identifier" && !node.computed ? node.property.name : undefined;
      return own === "length" || own === undefined ? nameIn(node.object) : own;
    }
    case "CallExpression": {
      const argument = nameIn(node.arguments[0]);
      const isMethod = node.callee.type === "MemberExpression";
      return isMethod ? (nameIn((node.callee as { object: AnyNode }).object) ?? argument) : argument;
    }
    case "ChainExpression":
      return nameIn(node.expression);
    case "LogicalExpression":
    case "BinaryExpression":
      return nameIn(node.left) ?? nameIn(node.right);
    case "ConditionalExpression":
      return nameIn(node.consequent) ?? nameIn(node.alternate);
    default:
      return undefined;
  }
}

/** Visits every node; below one for which `visit` returns true it does not go. */
function walk(node: AnyNode, visit: (node: AnyNode) => boolean): void {
  if (visit(node)) return;
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit);
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

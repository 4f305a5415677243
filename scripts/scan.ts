/**
 * A small scanner for TypeScript source: enough to tell code from comments, strings and regular expressions, and to
 * find what a module imports. The checks and builds of this repository use it instead of a compiler.
 *
 * @module
 */

/** What a piece of source is. Comments and blanks are left out. */
export type TokenKind = "name" | "number" | "string" | "template" | "regexp" | "punctuation";

/** A piece of source with its place. */
export interface Token {
  kind: TokenKind;
  /** As written; the contents without quotes for a `string`. */
  text: string;
  /** First character, as an offset into the source; the quote itself for a `string`. */
  start: number;
  /** One past the last character. */
  end: number;
  /** Counted from 1. */
  line: number;
}

/** How a module imports another. */
export interface Import {
  specifier: string;
  kind: "static" | "type" | "dynamic";
  /** The token of the specifier. */
  token: Token;
}

const NAME = /[\p{ID_Start}$_#][\p{ID_Continue}$\u200c\u200d]*/uy;
const NUMBER = /\d[\w.]*/y;
const REGEXP = /\/(?:[^\\/[\n]|\\.|\[(?:[^\\\]\n]|\\.)*\])+\/[a-z]*/y;

/** After these words a slash begins a regular expression. */
const BEFORE_EXPRESSION = new Set(
  "await case delete do else in instanceof new of return throw typeof void yield".split(" "),
);

/**
 * Splits TypeScript source into tokens, without comments.
 *
 * Code inside the `${}` of a template gives tokens of its own; the texts between are `template` tokens.
 *
 * @throws {SyntaxError} If a comment, string or template does not end.
 */
export function scan(source: string): Token[] {
  const tokens: Token[] = [];
  /** For each open template, the number of braces that are open inside its `${}`. */
  const templates: number[] = [];
  let line = 1;
  let at = 0;

  function push(kind: TokenKind, end: number, text: string = source.slice(at, end)): void {
    tokens.push({ kind, text, start: at, end, line });
    for (let i = at; i < end; i++) if (source[i] === "\n") line++;
    at = end;
  }
  function skipTo(end: number, what: string): void {
    if (end < 0) throw new SyntaxError(`Cannot scan source: ${what} in line ${line} does not end`);
    for (let i = at; i < end; i++) if (source[i] === "\n") line++;
    at = end;
  }
  function match(pattern: RegExp): number {
    pattern.lastIndex = at;
    return pattern.test(source) ? pattern.lastIndex : -1;
  }
  /** Reads template text from `at`, which is at the opening backquote or the closing brace. */
  function templateText(): void {
    let end = at + 1;
    while (end < source.length && source[end] !== "`") {
      if (source[end] === "\\") end++;
      else if (source[end] === "$" && source[end + 1] === "{") {
        templates.push(0);
        push("template", end + 2);
        return;
      }
      end++;
    }
    if (end >= source.length) skipTo(-1, "the template");
    push("template", end + 1);
  }

  while (at < source.length) {
    const char = source[at] as string;
    if (/\s/.test(char)) skipTo(at + 1, "the blank");
    else if (source.startsWith("//", at)) {
      const end = source.indexOf("\n", at);
      skipTo(end < 0 ? source.length : end, "the comment");
    } else if (source.startsWith("/*", at)) {
      const end = source.indexOf("*/", at + 2);
      skipTo(end < 0 ? -1 : end + 2, "the comment");
    } else if (char === '"' || char === "'") {
      let end = at + 1;
      while (end < source.length && source[end] !== char) end += source[end] === "\\" ? 2 : 1;
      if (end >= source.length) skipTo(-1, "the string");
      push("string", end + 1, source.slice(at + 1, end));
    } else if (char === "`") templateText();
    else if (char === "}" && templates.at(-1) === 0) {
      templates.pop();
      templateText();
    } else if (match(NAME) > 0) push("name", match(NAME));
    else if (match(NUMBER) > 0) push("number", match(NUMBER));
    else if (char === "/" && expectsExpression(tokens.at(-1)) && match(REGEXP) > 0) {
      push("regexp", match(REGEXP));
    } else {
      const depth = templates.length - 1;
      if (depth >= 0 && char === "{") templates[depth] = (templates[depth] ?? 0) + 1;
      if (depth >= 0 && char === "}") templates[depth] = (templates[depth] ?? 0) - 1;
      push("punctuation", at + 1);
    }
  }
  if (templates.length > 0) skipTo(-1, "a template");
  return tokens;
}

/** Whether an expression begins after `token`, so that a slash begins a regular expression. */
function expectsExpression(token: Token | undefined): boolean {
  if (token === undefined) return true;
  if (token.kind === "name") return BEFORE_EXPRESSION.has(token.text);
  if (token.kind === "template") return token.text.endsWith("${");
  return token.kind === "punctuation" && ![")", "]", "}"].includes(token.text);
}

/** Finds every import, re-export and `import()` with a literal specifier. */
export function imports(tokens: readonly Token[]): Import[] {
  const found: Import[] = [];
  tokens.forEach((token, i) => {
    if (token.kind !== "string") return;
    const before = tokens[i - 1];
    if (before?.text === "import" && before.kind === "name") {
      found.push({ specifier: token.text, kind: "static", token });
    } else if (before?.text === "(" && tokens[i - 2]?.text === "import") {
      found.push({ specifier: token.text, kind: "dynamic", token });
    } else if (before?.text === "from" && before.kind === "name") {
      const statement = statementBefore(tokens, i - 1);
      if (statement === null) return;
      const kind = tokens[statement + 1]?.text === "type" && tokens[statement + 2]?.text !== "from"
        ? "type"
        : "static";
      found.push({ specifier: token.text, kind, token });
    }
  });
  return found;
}

/** Gives the index of the `import` or `export` whose `from` stands at `index`; `null` if there is none. */
function statementBefore(tokens: readonly Token[], index: number): number | null {
  for (let i = index - 1; i >= 0; i--) {
    const { kind, text } = tokens[i] as Token;
    if (kind === "name" && (text === "import" || text === "export")) return i;
    if (kind !== "name" && kind !== "string" && !["{", "}", ",", "*"].includes(text)) return null;
  }
  return null;
}

/**
 * Walks a syntax tree (ESTree) and resolves its names to the scopes that declare them.
 *
 * @module
 */

/** A node of the syntax tree, as far as the walk knows it. */
export interface SyntaxNode {
  type: string;
  [key: string]: unknown;
}

/** How the code of a tree uses names. */
export interface NameUse {
  /** The names that no scope of the tree declares, in the order of their first use. */
  references: Set<string>;
  /** Names whose existence is asked for by `typeof name`. */
  guarded: Set<string>;
  /** `this` and `import.meta`, where they would come from outside of the tree. */
  special: Set<string>;
  /** The first module that is imported by a path relative to the tree's own module. */
  relativeImport: string | null;
  /** The first private member of the instances of a class that is the whole tree. */
  privateMember: string | null;
}

interface Scope {
  declared: Set<string>;
  /** The scope that takes `var`. */
  home: Scope;
  references: Set<string>;
  /** Whether `this` belongs to something inside the tree. */
  hasThis: boolean;
}

/** Collects how a program uses names. */
export function collectNames(program: unknown): NameUse {
  const walk = new ScopeWalk();
  walk.program(program as SyntaxNode);
  return walk.use;
}

class ScopeWalk {
  readonly use: NameUse = {
    references: new Set(),
    guarded: new Set(),
    special: new Set(),
    relativeImport: null,
    privateMember: null,
  };

  program(program: SyntaxNode): void {
    const first = (program["body"] as SyntaxNode[])[0]?.["expression"] as SyntaxNode | undefined;
    if (first?.type === "ClassExpression") this.#findPrivate(first);
    const scope = openScope(null, false);
    this.#children(program, scope);
    this.use.references = unresolved(scope);
  }

  #findPrivate(node: SyntaxNode): void {
    for (const member of (node["body"] as SyntaxNode)["body"] as SyntaxNode[]) {
      const key = member["key"] as SyntaxNode | undefined;
      if (key?.type !== "PrivateIdentifier" || member["static"] === true) continue;
      this.use.privateMember = key["name"] as string;
      return;
    }
  }

  #visit(node: SyntaxNode, scope: Scope): void {
    switch (node.type) {
      case "Identifier":
        scope.references.add(node["name"] as string);
        return;
      case "ThisExpression":
        if (!scope.hasThis) this.use.special.add("this");
        return;
      case "MetaProperty":
        if ((node["meta"] as SyntaxNode)["name"] === "import") this.use.special.add("import.meta");
        return;
      case "ImportExpression":
        this.#importExpression(node);
        return this.#children(node, scope);
      case "UnaryExpression":
        return this.#unary(node, scope);
      case "MemberExpression":
        this.#child(node["object"], scope);
        if (node["computed"] === true) this.#child(node["property"], scope);
        return;
      case "Property":
      case "MethodDefinition":
      case "PropertyDefinition":
        if (node["computed"] === true) this.#child(node["key"], scope);
        return this.#child(node["value"], scope);
      case "LabeledStatement":
        return this.#child(node["body"], scope);
      case "BreakStatement":
      case "ContinueStatement":
        return;
      case "VariableDeclaration":
        return this.#variables(node, scope);
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        return this.#function(node, scope);
      case "ClassDeclaration":
      case "ClassExpression":
        return this.#class(node, scope);
      case "BlockStatement":
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
      case "SwitchStatement":
      case "CatchClause":
        return this.#block(node, scope);
      default:
        this.#children(node, scope);
    }
  }

  #children(node: SyntaxNode, scope: Scope): void {
    for (const key of Object.keys(node)) this.#child(node[key], scope);
  }

  #child(child: unknown, scope: Scope): void {
    if (Array.isArray(child)) {
      for (const item of child) this.#child(item, scope);
    } else if (isNode(child)) {
      this.#visit(child, scope);
    }
  }

  #importExpression(node: SyntaxNode): void {
    const specifier = (node["source"] as SyntaxNode)["value"];
    if (typeof specifier === "string" && /^\.{0,2}\//.test(specifier)) {
      this.use.relativeImport ??= specifier;
    }
  }

  #unary(node: SyntaxNode, scope: Scope): void {
    const argument = node["argument"] as SyntaxNode;
    if (node["operator"] === "typeof" && argument.type === "Identifier") {
      this.use.guarded.add(argument["name"] as string);
      return;
    }
    this.#child(argument, scope);
  }

  #variables(node: SyntaxNode, scope: Scope): void {
    const home = node["kind"] === "var" ? scope.home : scope;
    for (const declarator of node["declarations"] as SyntaxNode[]) {
      this.#pattern(declarator["id"] as SyntaxNode, home, scope);
      this.#child(declarator["init"], scope);
    }
  }

  /** Declares the names of a binding pattern in `home`; default values and computed keys are read in `scope`. */
  #pattern(node: SyntaxNode | null, home: Scope, scope: Scope): void {
    switch (node?.type) {
      case "Identifier":
        home.declared.add(node["name"] as string);
        return;
      case "ObjectPattern":
        for (const property of node["properties"] as SyntaxNode[]) {
          if (property["computed"] === true) this.#child(property["key"], scope);
          this.#pattern((property["value"] ?? property["argument"]) as SyntaxNode, home, scope);
        }
        return;
      case "ArrayPattern":
        for (const item of node["elements"] as SyntaxNode[]) this.#pattern(item, home, scope);
        return;
      case "RestElement":
        return this.#pattern(node["argument"] as SyntaxNode, home, scope);
      case "AssignmentPattern":
        this.#pattern(node["left"] as SyntaxNode, home, scope);
        return this.#child(node["right"], scope);
    }
  }

  #function(node: SyntaxNode, outer: Scope): void {
    const arrow = node.type === "ArrowFunctionExpression";
    const id = node["id"] as SyntaxNode | null | undefined;
    if (node.type === "FunctionDeclaration") this.#pattern(id ?? null, outer, outer);
    const scope = openScope(null, !arrow || outer.hasThis);
    if (!arrow) scope.declared.add("arguments");
    if (id) this.#pattern(id, scope, scope);
    for (const parameter of node["params"] as SyntaxNode[]) this.#pattern(parameter, scope, scope);
    this.#child(node["body"], scope);
    closeScope(scope, outer);
  }

  #class(node: SyntaxNode, outer: Scope): void {
    const id = node["id"] as SyntaxNode | null;
    if (node.type === "ClassDeclaration") this.#pattern(id, outer, outer);
    const scope = openScope(outer, outer.hasThis);
    this.#pattern(id, scope, scope);
    this.#child(node["superClass"], scope);
    for (const member of (node["body"] as SyntaxNode)["body"] as SyntaxNode[]) {
      // A computed key is read outside of the instance, all else inside.
      if (member["computed"] === true) this.#child(member["key"], scope);
      const inside = openScope(null, true);
      // Code in a field may say `arguments` no more than the class may: it is no name there.
      if (member.type === "StaticBlock") this.#children(member, inside);
      else this.#child(member["value"], inside);
      closeScope(inside, scope);
    }
    closeScope(scope, outer);
  }

  #block(node: SyntaxNode, outer: Scope): void {
    const scope = openScope(outer, outer.hasThis);
    if (node.type === "CatchClause") {
      this.#pattern(node["param"] as SyntaxNode | null, scope, scope);
      this.#child(node["body"], scope);
    } else {
      this.#children(node, scope);
    }
    closeScope(scope, outer);
  }
}

/** Opens a scope; a block keeps `var` for the scope around it, a function (no `block`) takes it. */
function openScope(block: Scope | null, hasThis: boolean): Scope {
  const scope: Omit<Scope, "home"> & { home: Scope | null } = {
    declared: new Set(),
    references: new Set(),
    hasThis,
    home: block?.home ?? null,
  };
  scope.home ??= scope as Scope;
  return scope as Scope;
}

function closeScope(scope: Scope, outer: Scope): void {
  for (const name of unresolved(scope)) outer.references.add(name);
}

function unresolved(scope: Scope): Set<string> {
  const names = new Set<string>();
  for (const name of scope.references) {
    if (!scope.declared.has(name)) names.add(name);
  }
  return names;
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null &&
    typeof (value as SyntaxNode).type === "string";
}

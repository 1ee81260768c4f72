// Reads PowerShell into a syntax tree and answers questions about it. What has to hold is checks.mjs's.
import { createRequire } from "node:module";
import { Language, Parser } from "web-tree-sitter";

const require = createRequire(import.meta.url);

export async function makeParser() {
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(require.resolve("tree-sitter-powershell/tree-sitter-powershell.wasm")));
  return parser;
}

export class Script {
  constructor(parser, text) {
    this.text = text;
    this.tree = parser.parse(text);
    this.root = this.tree.rootNode;
    this.functions = new Map(this.all("function_statement").map((node) => [node.child(1).text, node]));
  }

  close() {
    this.tree.delete();
  }

  all(types, within = this.root) {
    return within.descendantsOfType(types);
  }

  /** What is wrong with the text itself. */
  brokenNodes() {
    const found = [];
    const walk = (node) => {
      if (node.isError || node.isMissing) found.push(`line ${node.startPosition.row + 1}: ${node.text.slice(0, 80)}`);
      else if (node.hasError) node.children.forEach(walk);
    };
    walk(this.root);
    return found;
  }

  fn(name) {
    const node = this.functions.get(name);
    if (!node) throw new Error(`there is no function ${name}`);
    return node;
  }

  /** The text of a node without its comments, so that no comment can satisfy a check. */
  code(node) {
    const comments = this.all("comment", node);
    let text = "";
    let at = node.startIndex;
    for (const comment of comments) {
      text += this.slice(at, comment.startIndex);
      at = comment.endIndex;
    }
    return text + this.slice(at, node.endIndex);
  }

  slice(from, to) {
    return this.text.slice(from, to);
  }

  body(name) {
    return this.code(this.fn(name));
  }

  commands(within = this.root, name = null) {
    return this.all("command", within).filter((node) => name === null || this.commandName(node) === name);
  }

  /** The name as written: a word, or what stands behind & or a dot. */
  commandName(command) {
    return command.namedChildren.find((child) => child.type.startsWith("command_name"))?.text ?? "";
  }

  arguments(command) {
    const elements = command.namedChildren.find((child) => child.type === "command_elements");
    return elements ? elements.namedChildren.filter((child) => child.type !== "command_argument_sep") : [];
  }

  operator(command) {
    return command.namedChildren.find((child) => child.type === "command_invokation_operator")?.text ?? "";
  }

  /** The names of own functions and of cmdlets, in the order in which a function names them. */
  calls(name) {
    return this.commands(this.fn(name)).map((command) => this.commandName(command));
  }

  assignments(within = this.root) {
    return this.all("assignment_expression", within).map((node) => ({ node, left: node.namedChildren[0].text, right: node.namedChildren.at(-1) }));
  }

  /** The names of methods called, with their number of arguments. */
  methods(within = this.root) {
    return this.all("invokation_expression", within).map((node) => {
      const list = node.namedChildren.find((child) => child.type === "argument_list");
      const inner = list?.namedChildren.find((child) => child.type === "argument_expression_list");
      return { node, name: node.namedChildren.find((child) => child.type === "member_name")?.text ?? "", arguments: inner ? inner.namedChildren : [] };
    });
  }

  inside(node, types) {
    for (let up = node.parent; up; up = up.parent) if (types.includes(up.type)) return up;
    return null;
  }

  functionOf(node) {
    const found = this.inside(node, ["function_statement"]);
    return found ? found.child(1).text : "";
  }
}

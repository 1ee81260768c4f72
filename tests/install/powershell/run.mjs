// Reads a list of {id, text, only?, prefixes?} from the input and answers with what each check has against each text:
// {id: {check: [fault…]}}. only: the names of the checks wanted; prefixes: every how many lines to cut, instead of the checks;
// literals: whether the texts of all single-quoted strings are wanted instead.
import { readFileSync } from "node:fs";
import { rules } from "./rules.mjs";
import { steps } from "./steps.mjs";
import { makeParser, Script } from "./tree.mjs";

const checks = { "the text has no error": (script) => script.brokenNodes(), ...rules, ...steps };
const parser = await makeParser();

function judge(script, names) {
  const result = {};
  for (const name of names ?? Object.keys(checks)) {
    try {
      result[name] = checks[name](script);
    } catch (problem) {
      result[name] = [String(problem)];
    }
  }
  return result;
}

/** A part is harmless when PowerShell refuses it whole, or when there is no statement in it. */
function cutParts(text, every) {
  const lines = text.split("\n");
  const faults = [];
  let count = 0;
  for (let length = 1; length < lines.length - 1; length += every) {
    const script = new Script(parser, lines.slice(0, length).join("\n") + "\n");
    if (!script.root.hasError && script.root.namedChildren.some((node) => node.type !== "comment")) faults.push(`cut after line ${length}`);
    script.close();
    count++;
  }
  return { faults, count: [`${count} parts`] };
}

const answers = {};
for (const job of JSON.parse(readFileSync(0, "utf8"))) {
  if (job.prefixes) {
    answers[job.id] = cutParts(job.text, job.prefixes);
    continue;
  }
  const script = new Script(parser, job.text);
  answers[job.id] = job.literals
    ? { errors: script.brokenNodes(), literals: script.all("verbatim_string_characters").map((node) => node.text), commands: script.commands().map((c) => script.commandName(c).split("\n")[0]) }
    : judge(script, job.only);
  script.close();
}
process.stdout.write(JSON.stringify(answers));

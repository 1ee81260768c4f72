// What must hold everywhere in the Windows script, as functions from the tree to a list of faults. Leaves what one step does to steps.mjs.

const kCodes = [10, 11, 12, 13, 14, 15, 16, 20, 21, 24, 40, 41, 42, 43, 44, 45, 50, 60, 61, 70, 130];
const kLogging = /^(set-content|add-content|out-file|tee-object|export-\w+|convertto-json|invoke-restmethod|invoke-webrequest|start-transcript|start-process|invoke-expression)$/i;
const kSecret = /\$run\.(Token|Content|Input|Body|Command)\b|\$copy\b|Read-PrivateKey|\$made\.Output/;

export const missing = (text, patterns, what) => patterns.filter((pattern) => !pattern.test(text)).map((pattern) => `${what} lacks ${pattern}`);

/** True when the names come in this order among others. */
export function inOrder(names, wanted) {
  let at = -1;
  for (const name of wanted) {
    at = names.indexOf(name, at + 1);
    if (at < 0) return [`${name} is not where it should be: ${wanted.join(", ")}`];
  }
  return [];
}

const flow = (script, word) => script.all("flow_control_statement").filter((node) => node.child(0).text.toLowerCase() === word);

function oneBlock(script) {
  const statements = script.root.namedChildren.filter((node) => node.type === "statement_list").flatMap((list) => list.namedChildren.filter((n) => n.type !== "comment"));
  const command = statements.length === 1 ? script.commands(statements[0])[0] : null;
  const whole = command && statements[0].text === command.text && script.operator(command) === "&" && /^\{[^]*\}$/.test(script.commandName(command));
  return whole ? [] : [`${statements.length} statements at the top`];
}

const noExit = (script) => [
  ...flow(script, "exit").map((node) => `exit: ${node.text}`),
  ...script.methods().filter((m) => /^(Exit|FailFast|SetShouldExit)$/.test(m.name)).map((m) => m.node.text),
  ...script.commands().filter((c) => /^exit$/i.test(script.commandName(c))).map((c) => c.text),
];

/** A throw stands right behind the line that sets the code. */
function throwsWithCode(script) {
  const faults = [];
  for (const node of flow(script, "throw")) {
    let statement = node;
    while (statement.parent.type !== "statement_list") statement = statement.parent;
    let before = statement.previousNamedSibling;
    if (!before && statement.parent.parent.parent.type === "if_statement") before = statement.parent.parent.parent.previousNamedSibling;
    if (!before || !/^\$global:LASTEXITCODE = /.test(before.text)) faults.push(node.text);
  }
  return faults.concat(flow(script, "throw").length < 4 ? ["too few throws"] : []);
}

/** Only the code is left behind; what belongs to the process is put back in a finally. */
function leavesNothing(script) {
  const globals = script.all("variable").filter((node) => /^\$(global|script|env):/i.test(node.text));
  const faults = globals.filter((node) => /^\$(global|script):/i.test(node.text) && node.text !== "$global:LASTEXITCODE").map((node) => node.text);
  for (const { left } of script.assignments()) if (/^\$env:/i.test(left)) faults.push(`sets ${left}`);
  const last = script.all("finally_clause", script.fn("Start-Install")).map((node) => script.code(node)).join("\n");
  return faults.concat(missing(last, [/SecurityProtocol = \$protocols/, /\[Console\]::InputEncoding = \$encoding/, /\$global:LASTEXITCODE = \$run\.Code/], "the finally clause"));
}

const settings = (script) => {
  const text = script.body("Start-Install");
  const before = text.slice(0, text.indexOf("Install-Spoke"));
  return missing(before, [/Set-StrictMode -Version 3/, /\$ErrorActionPreference = 'Stop'/, /\$ProgressPreference = 'SilentlyContinue'/, /LanguageMode -ne 'FullLanguage'\) \{ Deny-ConstrainedLanguage \}/], "Start-Install before its work");
};

const secretsInArguments = (script) => script.commands().flatMap((command) =>
  script.arguments(command).filter((argument) => kSecret.test(argument.text)).map((argument) => `${script.commandName(command)} ${argument.text}`));

const noLoggingCmdlets = (script) => [
  ...script.commands().filter((c) => kLogging.test(script.commandName(c))).map((c) => c.text),
  ...script.all("redirection").map((node) => `redirection ${node.text}`),
];

/** Every program's exit code decides something; the one function that starts programs waits with a limit and hides the window. */
function programs(script) {
  const faults = [];
  for (const command of script.commands(script.root, "Invoke-Program")) {
    const target = script.inside(command, ["assignment_expression"])?.namedChildren[0].text;
    const used = target && new RegExp(`\\${target}\\.Code -(eq|ne|in|notin)\\b`).test(script.body(script.functionOf(command)));
    if (!used) faults.push(`nobody looks at the code of ${command.text}`);
    if (!/\d+\)?$/.test(command.text)) faults.push(`no limit: ${command.text}`);
  }
  const starts = script.methods().filter((m) => /Diagnostics\.Process\]::Start/.test(m.node.text) && m.name === "Start");
  if (starts.length !== 1 || script.functionOf(starts[0].node) !== "Invoke-Program") faults.push("programs are started elsewhere too");
  const calls = script.commands().filter((c) => script.operator(c) === "&" && !/^\{/.test(script.commandName(c))).map((c) => script.commandName(c));
  faults.push(...calls.filter((name) => !/^(\$install|\$program|\$curl|"\$env:SystemRoot\\System32\\sc\.exe")$/.test(name)).map((name) => `& ${name}`));
  return faults.concat(missing(script.body("Invoke-Program"), [/UseShellExecute = \$false/, /CreateNoWindow = \$true/, /RedirectStandardError = \$true/, /RedirectStandardOutput = \$true/,
    /WaitForExit\(\$Seconds \* 1000\)/, /\.Code = \$process\.ExitCode/, /\.Kill\(\)/], "Invoke-Program"));
}

function limits(script) {
  const faults = script.methods().filter((m) => /^(Wait|WaitForExit|WaitOne)$/.test(m.name) && m.arguments.length === 0).map((m) => m.node.text);
  for (const m of script.methods().filter((m) => m.name === "WaitForStatus" && m.arguments.length < 2)) faults.push(m.node.text);
  for (const m of script.methods().filter((m) => m.name === "Send" && m.arguments.length < 2)) faults.push(m.node.text);
  for (const m of script.methods().filter((m) => m.name === "CreateHttp"))
    faults.push(...missing(script.body(script.functionOf(m.node)), [/\.Timeout = \S/, /\.ReadWriteTimeout = \S/], script.functionOf(m.node)));
  for (const option of script.all(["expandable_string_literal", "array_literal_expression"]).filter((n) => /--pinnedpubkey|'--write-out'/.test(n.text) && /--silent/.test(n.text)))
    if (!/--max-time/.test(option.text)) faults.push(`curl without a limit: ${option.text.slice(0, 60)}`);
  for (const loop of script.all("while_statement")) if (!/\$end|\$waited/.test(script.code(loop))) faults.push(`endless: ${loop.text.slice(0, 60)}`);
  for (const loop of script.all("for_statement").filter((n) => / ; \$/.test(n.text.split("\n")[0]) && !/break/.test(script.code(n)))) faults.push(`endless: ${loop.text.slice(0, 60)}`);
  return faults;
}

/** Where a code stands: an argument of Stop-Install, a code that is set, the uninstaller's. */
function codes(script) {
  const used = new Set(script.commands(script.root, "Stop-Install").map((c) => Number(script.arguments(c)[0]?.text)));
  for (const { left, right } of script.assignments()) if (/^\$(run\.Code|global:LASTEXITCODE)$/.test(left) && /^\d+$/.test(right.text)) used.add(Number(right.text));
  if (/Code = 130;/.test(script.body("Get-Run"))) used.add(130);
  used.delete(0);
  const unknown = [...used].filter((code) => !kCodes.includes(code)).map((code) => `code ${code} is not in the table`);
  return unknown.concat(kCodes.filter((code) => !used.has(code)).map((code) => `code ${code} is never used`));
}

/** Only whole programs by full path; nothing that changes the machine beyond its own parts. */
const leavesAlone = (script) => script.commands().map((c) => script.commandName(c))
  .filter((name) => /^(netsh|route|wg|wireguard|winget|choco|msiexec|curl|reg|(New|Set|Remove|Enable|Disable)-(NetFirewall\w*|NetRoute|NetConnection\w*|Dns\w*|NetIP\w*|NetAdapter\w*|ItemProperty|ExecutionPolicy))(\.exe)?$/i.test(name));

/** Every secret that goes out stands in a body; no address holds one. */
function tokenOnlyInBodies(script) {
  const faults = script.all("member_access").filter((node) => node.text === "$run.Token").filter((node) => {
    const left = script.inside(node, ["assignment_expression"])?.namedChildren[0].text;
    return left !== "$run.Body" && script.functionOf(node) !== "Get-Run";
  }).map((node) => node.parent.text);
  return faults.concat(/\/script\//.test(script.code(script.root).replace(script.body("Get-Run"), "")) ? ["an address with a token"] : []);
}

export const rules = {
  "R61 one block": oneBlock,
  "R61 never exit": noExit,
  "R61 a throw has its code": throwsWithCode,
  "R61 nothing stays behind": leavesNothing,
  "R61 R62 settings come first": settings,
  "R66 no secret is an argument": secretsInArguments,
  "R66 nothing that logs, converts or redirects": noLoggingCmdlets,
  "R68 programs": programs,
  "R18 every wait has a limit": limits,
  "R72 codes": codes,
  "R29 R50 changes nothing else": leavesAlone,
  "R16 the token stands in bodies only": tokenOnlyInBodies,
};

/**
 * Who may import whom. An allow-list: an import that no line of `allowed` permits is an error, so a new folder has to
 * say here what it may use. Run by `npm test` (check:layers).
 *
 * The layers and their order are those of the README. Type imports count like any other.
 */

/** What a path of a layer may import besides itself. `packages` are npm's, `node` is Node's own modules. */
const LAYERS = [
  { layer: 'src/shared/', imports: [], packages: ['valibot'] },
  // Deterministic: no Node, no package, nothing of the app.
  { layer: 'src/main/machine/', imports: ['src/shared/'], packages: [] },
  { layer: 'src/main/workload/', imports: ['src/main/machine/', 'src/shared/'], packages: 'any', node: true },
  {
    layer: 'src/main/engine/',
    imports: ['src/main/workload/', 'src/main/machine/', 'src/shared/'],
    packages: 'any',
    node: true,
  },
  { layer: 'src/main/evidence/', imports: ['src/shared/'], packages: [], node: true },
  {
    layer: 'src/main/lab/',
    imports: ['src/main/engine/', 'src/main/evidence/', 'src/main/workload/', 'src/main/machine/', 'src/shared/'],
    packages: 'any',
    node: true,
  },
  { layer: 'src/main/cli/', imports: ['src/main/serve/', 'src/main/lab/', 'src/shared/'], packages: 'any', node: true },
  { layer: 'src/main/serve/', imports: ['src/main/lab/', 'src/shared/'], packages: 'any', node: true },
  { layer: 'src/main/app/', imports: ['src/main/lab/', 'src/shared/'], packages: 'any', node: true },
  { layer: 'src/main/index\\.ts$', imports: ['src/main/app/'], packages: ['electron'], node: true },
  { layer: 'src/preload/', imports: ['src/shared/'], packages: ['electron'] },
  { layer: 'src/renderer/', imports: ['src/shared/'], packages: 'any' },
  { layer: 'scripts/', imports: [], packages: [], node: true },
  { layer: 'bench/', imports: ['src/'], packages: 'any', node: true },
  { layer: 'test/', imports: ['src/', 'scripts/', 'out/'], packages: 'any', node: true },
];

const NPM = ['npm', 'npm-dev', 'npm-optional', 'npm-peer'];

/** The rules of one layer: files, packages, Node's modules. */
function allowedImports({ layer, imports, packages, node }) {
  const from = { path: `^${layer}` };
  const named = packages === 'any' ? undefined : packages.map((name) => `^node_modules/${name}/`);
  const rules = [{ from, to: { path: [layer, ...imports].map((path) => `^${path}`) } }];
  if (named === undefined) rules.push({ from, to: { dependencyTypes: NPM } });
  else if (named.length > 0) rules.push({ from, to: { dependencyTypes: NPM, path: named } });
  if (node) rules.push({ from, to: { dependencyTypes: ['core'] } });
  return rules;
}

/**
 * The debt list: imports that break the layers and are still there, each with the reason and what ends it.
 * It is empty, and an entry here needs an issue.
 *
 * @type {readonly { from: { path: string }, to: { path: string } }[]}
 */
const DEBT = [];

module.exports = {
  allowed: [...LAYERS.flatMap(allowedImports), ...DEBT],
  allowedSeverity: 'error',
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle has no first file to read and no part that can be tested alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolved',
      comment: 'The imported file or package does not exist.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'electron-stays-in-the-shell',
      comment: 'Everything but the shell also runs under plain Node.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(main/app/|main/index\\.ts$|preload/)' },
      to: { path: '^node_modules/electron/' },
    },
    {
      name: 'shipped-code-uses-shipped-packages',
      comment: 'Main-process packages are not bundled, so they belong to "dependencies"; types may come from anywhere.',
      severity: 'error',
      from: { path: '^src/(main|shared)/' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only', 'npm'],
        pathNot: '^node_modules/(electron|@types)/',
      },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^out/'] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};

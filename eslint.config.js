import vue from 'eslint-plugin-vue';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import vueParser from 'vue-eslint-parser';

/** Everything with types: TypeScript, the scripts (typed by their comments) and Vue files. */
const TYPED = ['**/*.ts', 'scripts/**/*.mjs', '**/*.vue'];

/** What runs in a browser, under tsconfig.web.json. */
const DASHBOARD = ['**/*.vue', 'src/renderer/**/*.ts', 'test/renderer/**/*.ts'];

/** AssemblyScript: its own compiler checks it; to rules about TypeScript its casts between widths of integers are none. */
const ASSEMBLY = 'src/main/engine/codec/lz4-kernel/assembly/';

/** Rules for syntax that has no rule of its own. */
const NAMED_EXPORTS = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name; default only where a tool demands it.',
};
const NULL_TYPE = {
  selector: 'TSNullKeyword',
  message: 'Use undefined; null stays at the border to an interface that uses it.',
};
const SILENT_SKIP = {
  selector:
    'MemberExpression[object.name=/^(test|it|describe|suite)$/][property.name=/^(skip|skipIf|runIf|todo|only)$/]',
  message: 'Skip at run time with the reason: context.skip(condition, why) in the test or in beforeEach.',
};

/** What would make the simulated machine depend on anything but its arguments. */
const NOT_IN_THE_MACHINE = [
  'Date',
  'performance',
  'crypto',
  'process',
  'console',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
];

/** Layout of templates: prettier's business. */
const VUE_LAYOUT_RULES = [
  'first-attribute-linebreak',
  'html-closing-bracket-newline',
  'html-closing-bracket-spacing',
  'html-indent',
  'html-quotes',
  'html-self-closing',
  'max-attributes-per-line',
  'multiline-html-element-content-newline',
  'mustache-interpolation-spacing',
  'no-multi-spaces',
  'no-spaces-around-equal-signs-in-attribute',
  'singleline-html-element-content-newline',
];

export default defineConfig(
  globalIgnores(['out/', 'dist/', 'coverage/', 'test-results/', ASSEMBLY]),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    rules: {
      complexity: ['error', 20],
      eqeqeq: 'error',
      'max-depth': ['error', 4],
      'max-params': ['error', 4],
      'no-constant-condition': ['error', { checkLoops: false }],
      'no-debugger': 'error',
      'no-duplicate-case': 'error',
      'no-else-return': 'error',
      'no-empty': 'error',
      'no-eval': 'error',
      'no-fallthrough': 'error',
      'no-implicit-coercion': 'error',
      'no-irregular-whitespace': 'error',
      'no-lonely-if': 'error',
      'no-new-func': 'error',
      'no-nested-ternary': 'error',
      'no-param-reassign': 'error',
      'no-regex-spaces': 'error',
      'no-self-assign': 'error',
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-unneeded-ternary': 'error',
      'no-unreachable-loop': 'error',
      'no-unsafe-finally': 'error',
      'no-useless-escape': 'error',
      'no-useless-rename': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'prefer-template': 'error',
    },
  },
  { files: ['**/*.{js,mjs,cjs}'], languageOptions: { globals: globals.node } },
  ...vue.configs['flat/recommended'],
  {
    files: TYPED,
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: './tsconfig.json',
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.vue'],
      },
    },
    rules: {
      '@typescript-eslint/array-type': ['error', { default: 'array' }],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/default-param-last': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-shadow': 'error',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/promise-function-async': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: false }],
    },
  },
  {
    files: DASHBOARD,
    languageOptions: { parserOptions: { project: './tsconfig.web.json' } },
  },
  {
    files: ['test/e2e/**/*.ts'],
    languageOptions: { parserOptions: { project: './tsconfig.e2e.json' } },
  },
  {
    // Vue files have no types for these rules; vue-tsc sees them and checks.
    files: ['**/*.vue', 'src/renderer/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['**/*.vue'],
    languageOptions: { parser: vueParser, parserOptions: { parser: tseslint.parser }, globals: globals.browser },
    rules: {
      ...Object.fromEntries(VUE_LAYOUT_RULES.map((rule) => [`vue/${rule}`, 'off'])),
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/define-emits-declaration': ['error', 'type-based'],
      'vue/define-props-declaration': ['error', 'type-based'],
      'vue/no-unused-properties': 'error',
      'vue/no-unused-refs': 'error',
      'vue/no-v-html': 'error',
      'vue/prefer-define-options': 'error',
      // Absent is undefined here, as in every other type.
      'vue/require-default-prop': 'off',
    },
  },
  {
    files: ['src/**/*.{ts,vue}'],
    rules: {
      'max-lines': ['error', { max: 450 }],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error', NAMED_EXPORTS, NULL_TYPE],
    },
  },
  {
    // The dashboard's chart parts have types that only `satisfies` can say.
    files: ['src/{shared,main,preload}/**/*.ts'],
    rules: { '@typescript-eslint/explicit-module-boundary-types': 'error' },
  },
  {
    // Text goes to the person at the terminal through the command line's own printer.
    files: ['src/**/*.{ts,vue}'],
    ignores: ['src/main/cli/**', 'src/main/index.ts'],
    rules: { 'no-console': 'error' },
  },
  {
    files: ['src/main/machine/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...NOT_IN_THE_MACHINE],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'Take a random source.' }],
    },
  },
  {
    files: ['test/**/*.ts', 'scripts/**/*.mjs'],
    rules: {
      // What comes out of JSON.parse: scripts type it by comments, which these rules do not see; tests compare it.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    ignores: ['**/*.config.ts'],
    rules: {
      complexity: 'off',
      'no-restricted-syntax': ['error', NAMED_EXPORTS, SILENT_SKIP],
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);

import { minify } from 'terser';
import { defineConfig } from 'vitest/config';

// Names of properties that never leave the core: not of its public types, of the browser, or of what tabs and server say.
const internal = /^(?:callersOf|change|copies|env|flights|gap|hear|heard|heardTo|inContact|last|left|lost|missed|offline|place|readings|resumeFrom|sent|share|silence|stopped|touch|vary|wake|written)$/;

export default defineConfig({
  build: {
    target: 'es2022',
    minify: false,
    lib: {
      entry: { 'freshet-client': 'src/index.ts', 'freshet-tanstack': 'src/tanstack.ts', 'freshet-swr': 'src/swr.ts' },
      formats: ['es'],
    },
    rollupOptions: { external: [/^react/, /^swr/, /^@tanstack/] },
  },
  plugins: [{
    name: 'minify',
    // Vite leaves white space in ES libraries for the bundler that comes after; pages use these files as they are.
    async generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'chunk') continue;
        const { code } = await minify(file.code, {
          module: true,
          compress: { ecma: 2020, passes: 3, pure_getters: true, unsafe_arrows: true, unsafe_methods: true },
          mangle: { properties: { regex: internal } },
          format: { ecma: 2020 },
        });
        file.code = `${code}\n`;
      }
    },
  }],
  test: { include: ['test/**/*.test.ts'] },
});

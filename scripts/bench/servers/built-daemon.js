// Runs the daemon from dist, as an installed package does; bin/caskd.js takes src in a clone.
// JavaScript, so that no type stripping is loaded.
const { main } = await import(new URL('../../../dist/daemon/main.js', import.meta.url).href);
await main(process.argv);
